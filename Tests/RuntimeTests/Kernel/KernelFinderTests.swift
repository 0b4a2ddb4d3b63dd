import Glibc
import QshRuntime
import SystemPackage
import Testing
import TestSupport

@Suite struct KernelFinderTests {
    init() { TestLoop.start() }

    /// The one real download of the tests: 26 MB, kept in the user's cache.
    @Test @LoopActor func debiansKernelComesWithItsModulesAndConfig() async throws {
        let kernel = try await KernelFinder.find(
            arch: .x86_64, environment: try .withoutKernel(), progress: { print($0) })

        #expect(kernel.arch == .x86_64)
        print(kernel)
    }
}

extension HostEnvironment {
    static func withoutKernel() throws -> HostEnvironment {
        HostEnvironment(["HOME": String(cString: try #require(getenv("HOME")))])
    }
}
