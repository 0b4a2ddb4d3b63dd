import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// Whether this user may mount something where nobody else sees it.
private let canMount: Bool = {
    guard Command.locate("unshare") != nil, Command.locate("flex") != nil else { return false }
    return system("unshare -rm mount -t tmpfs none /mnt 2>/dev/null") == 0
}()

/// Outputs on file systems that a build cannot live on. Each is mounted in a namespace of its own.
@Suite(.enabled(if: canMount, "no namespace to mount a file system in"), .serialized)
struct KernelOutputTests {
    private let cache: TestTree
    private let tree: FakeKernelTree

    init() throws {
        cache = try TestTree()
        tree = try FakeKernelTree()
    }

    /// Mounts `place` with the options, and builds into `out`.
    private func build(_ options: String, at place: FilePath, out: FilePath) async throws -> String
    {
        let recipe = """
            local tree = qsh.kernel.open("\(tree.folder)")
            local kernel, err = tree:try_build { out = "\(out)" }
            print(kernel or err, err and err.kind, err and err.hint)
            """
        let inner = """
            mount -t tmpfs -o \(options) none '\(place)'
            mkdir -p '\(out)' 2>/dev/null &&
                echo '# Linux/x86 6.1 Kernel' >'\(out)/.config' 2>/dev/null
            exec "$QSH" -q -e '\(recipe)'
            """
        let script = """
            mkdir -p '\(place)'
            export XDG_CACHE_HOME='\(cache.path)'
            unshare -rm sh -c "$INNER"
            """
        let run = try await QshRun.shell("INNER=$(cat <<'EOF'\n\(inner)\nEOF\n)\n\(script)")
        #expect(run.stderr == "")
        return run.stdout
    }

    @Test func aNoexecOutputIsNamed() async throws {
        let out = tree.beside("out")

        #expect(
            try await build("noexec", at: out, out: out)
                == "cannot build in `\(out)`: its file system is mounted `noexec`, and the build"
                + " runs programs that it has built\tusage\tgive `out` a folder on another file"
                + " system\n")
    }

    @Test func anOutputThatCannotBeWrittenIsNamed() async throws {
        let out = tree.beside("out")

        #expect(
            try await build("ro", at: out, out: out.appending("x"))
                == "cannot build in `\(out)/x`: read-only file system\tusage\tgive `out` a folder"
                + " that can be written\n")
    }

    @Test func aFullDiskIsNamed() async throws {
        let out = tree.beside("out")
        try tree.write("init/main.c", "char big[4 << 20] = {1};\n")

        let said = try await build("size=1m", at: out, out: out)

        #expect(said.hasPrefix("build of `bzImage`: "))
        #expect(said.contains("No space left on device"), "\(said)")
        #expect(
            said.hasSuffix("\tbuild-failed\tfree some space, for example with `qsh cache clean`\n"))
    }

    @Test func aFullDiskOfTheCacheIsNamed() async throws {
        let place = cache.path.appending("qsh")
        try tree.write("init/main.c", "char big[4 << 20] = {1};\n")

        let said = try await build("size=1m", at: place, out: tree.beside("out"))

        #expect(
            said.contains(/^cannot keep the kernel in `\S+`: no space left on the device\t/),
            "\(said)")
        #expect(said.contains("\tbuild-failed\tfree some space"), "\(said)")
    }
}
