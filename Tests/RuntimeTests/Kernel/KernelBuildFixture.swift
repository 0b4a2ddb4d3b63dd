import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// A fake tree with a cache and build folders of its own.
@LoopActor
final class KernelBuildFixture {
    let tree: FakeKernelTree
    var request: KernelBuildRequest
    var variables = ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"]
    var config = "# Linux/x86 6.1.0-fake Kernel Configuration\n"
    private(set) var notes: [String] = []
    private(set) var reports: [ProgressReport?] = []

    nonisolated static let missing: Comment? = {
        for program in ["make", "gcc", "flex", "bison", "bc", "depmod"]
        where Command.locate(program) == nil {
            return "no \(program) on PATH"
        }
        return nil
    }()

    nonisolated init() throws {
        TestLoop.start()
        tree = try FakeKernelTree()
        request = KernelBuildRequest(
            toolchain: KernelToolchain(arch: .x86_64), out: tree.beside("out"))
    }

    var cache: Cache { Cache(root: tree.beside("cache")) }
    var out: FilePath { request.out ?? tree.beside("out") }

    /// Writes the configuration and builds.
    func build(_ folder: FilePath? = nil, configured: Bool = true) async throws -> BuiltKernel {
        let environment = HostEnvironment(variables)
        let source = try KernelSource(
            folder: folder ?? tree.folder, origin: .folder, environment: environment)
        try FileTree.makeFolders(out)
        if !configured { try AtomicFile.write(Array(config.utf8), to: out.appending(".config")) }
        return try await KernelBuild(
            source, request, configured: configured ? Array(config.utf8) : nil, cache: cache,
            environment: environment, progress: { self.reports.append($0) },
            note: { self.notes.append($0) }
        ).run()
    }

    /// What a build that must fail throws.
    func failure() async throws -> Diagnostic {
        do {
            let kernel = try await build()
            Issue.record("built \(kernel.folder)")
            return Diagnostic(.ok, "")
        } catch let error as any DiagnosticError { return error.diagnostic }
    }

    /// Puts a shell script before the programs on PATH.
    func program(_ name: String, _ script: String) throws {
        let folder = tree.beside("bin")
        try FileTree.makeFolders(folder)
        try AtomicFile.write(
            Array("#!/bin/sh\n\(script)\n".utf8), to: folder.appending(name), mode: 0o755)
        if variables["PATH"]?.hasPrefix(folder.string) == false {
            variables["PATH"] = "\(folder):\(variables["PATH"] ?? "")"
        }
    }
}
