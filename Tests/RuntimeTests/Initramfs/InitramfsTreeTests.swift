import Glibc
import SystemPackage
import Testing

@testable import QshRuntime

@Suite struct InitramfsTreeTests {
    private func paths(_ tree: InitramfsTree) -> [String] {
        tree.entries.map(\.path.display)
    }

    @Test func lastFileWins() throws {
        var tree = InitramfsTree()
        try tree.addFile("bin/sh", text: "one")
        try tree.addSymlink("bin/sh", target: "ash")
        try tree.addFile("/bin/sh", text: "two")
        let entry = try #require(tree.entry(at: InitramfsPath("bin/sh")))
        #expect(entry.kind == .file(.bytes(Array("two".utf8))))
        #expect(paths(tree) == ["/bin", "/bin/sh"])
    }

    @Test func pathsGoThroughTheTreesSymlinks() throws {
        var tree = InitramfsTree()
        try tree.addSymlink("lib", target: "usr/lib")
        try tree.addSymlink("usr/lib64", target: "/lib")
        try tree.addFile("lib/modules/a.ko", text: "")
        try tree.addFile("usr/lib64/b", text: "")
        #expect(
            paths(tree) == [
                "/lib", "/usr", "/usr/lib", "/usr/lib/b", "/usr/lib/modules",
                "/usr/lib/modules/a.ko", "/usr/lib64",
            ])
        #expect(try InitramfsReader.read(bytes: tree.image()).findings == [])
    }

    @Test func explicitDirectoryKeepsItsChildrenAndTakesTheMode() throws {
        var tree = InitramfsTree()
        try tree.addFile("tmp/x", text: "")
        try tree.addDirectory("tmp", mode: FileMode(0o1777))
        #expect(tree.entries.map(\.mode.bits) == [0o1777, 0o644])
        #expect(try tree.remove(InitramfsPath("tmp")))
        #expect(tree.count == 0)
    }

    @Test func busyboxGoesWhereItInstallsItself() throws {
        guard access("/bin/busybox", R_OK) == 0,
            let listing = try run("/bin/busybox", "--list-full")
        else { return }
        var tree = InitramfsTree()
        try tree.addBusybox(from: "/bin/busybox")
        let expected = listing.split(separator: "\n").map(String.init)
            .filter { !$0.hasSuffix("linuxrc") && !$0.hasSuffix("/busybox") }
        let made = tree.entries.filter { $0.kind != .directory && $0.mode == .symlink }
        #expect(made.map { printable($0.path.bytes) } == expected.sorted())
        let awk = try #require(tree.entry(at: InitramfsPath("usr/bin/awk")))
        #expect(awk.kind == .symlink(target: Array("../../bin/busybox".utf8)))
    }

    @Test func defaultRootPassesLintOnceItHasBusybox() throws {
        var tree = InitramfsTree()
        try tree.addDefaultRoot()
        #expect(
            try InitramfsLint.lint(tree: tree).map(\.message) == [
                "`/init` needs the interpreter `/bin/sh`, which is not in the initramfs: the "
                    + "kernel would panic with \"No working init found\""
            ])
        try #require(access("/bin/busybox", R_OK) == 0)
        try tree.addBusybox(from: "/bin/busybox")
        #expect(try InitramfsLint.lint(tree: tree) == [])
        #expect(try InitramfsLint.lint(InitramfsReader.read(bytes: tree.image())) == [])
    }
}
