import Glibc
import QshRuntime
import SystemPackage
import Testing

@Suite struct DefaultRootTests {
    @Test func writesABootableRoot() async throws {
        guard let target = getenv("QSH_TEST_IMAGE") else { return }
        var tree = InitramfsTree()
        try tree.addDefaultRoot()
        try tree.addBusybox(from: "/bin/busybox")
        try await tree.write(to: FilePath(String(cString: target)))
    }
}
