import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct BinaryClosureTests {
    private func paths(_ tree: InitramfsTree) -> [String] { tree.entries.map(\.path.display) }

    /// The libraries that the host's own linker would load are all there, under names by which
    /// the image's linker finds them.
    @Test(arguments: [
        "/usr/bin/xz", "/usr/bin/apt-get", "/bin/bash", "/usr/bin/qemu-system-x86_64",
    ])
    func whatLddFindsIsThere(program: String) throws {
        let listing = try #require(try run("ldd", program))
        var tree = InitramfsTree()

        try tree.addBinary(program)

        for line in listing.split(separator: "\n") {
            guard let library = line.firstMatch(of: /=> (\/\S+)/)?.1 else { continue }
            let path = try InitramfsPath(String(library))
            let entry = try #require(tree.entry(at: path), "\(library) is missing")
            if case .symlink(let target) = entry.kind {
                let folder = try #require(entry.path.parent)
                let name = String(decoding: target, as: UTF8.self)
                let real = FileTree.resolved(FilePath(String(library))).string
                let beside = tree.entry(at: try InitramfsPath("\(folder.display)/\(name)"))
                let itself = tree.entry(at: try InitramfsPath(real))
                #expect(beside != nil || itself != nil)
            }
        }
        #expect(paths(tree).contains { $0.contains("/ld-linux") || $0.contains("/ld.so") })
    }

    @Test func symlinksAreKeptAndTheChainOfReasonsLeadsBack() throws {
        let root = try TestTree()
        try root.write(
            "opt/tool/real", ELFSample(needed: ["liba.so.1"], interpreter: "/lib64/ld.so").bytes,
            mode: 0o755)
        try root.write("usr/lib/liba.so.1.2", ELFSample(needed: ["libb.so"]).bytes)
        try root.write("usr/lib/deep/libb.so", ELFSample(needed: []).bytes)
        try root.write("usr/lib64/ld.so", ELFSample(needed: []).bytes, mode: 0o755)
        try root.write("etc/ld.so.conf", "include ld.so.conf.d/*.conf\n")
        try root.write("etc/ld.so.conf.d/x.conf", "# x\n/usr/lib/deep\n")
        try root.write("usr/bin/dummy", "")
        for (target, name) in [
            ("usr/lib", "lib"), ("usr/lib64", "lib64"), ("usr/bin", "bin"),
            ("liba.so.1.2", "usr/lib/liba.so.1"), ("../../opt/tool/real", "usr/bin/tool"),
        ] { #expect(symlink(target, "\(root.path)/\(name)") == 0) }
        var tree = InitramfsTree()

        let remarks = try tree.addBinary("tool", root: root.path, arch: .x86_64)

        #expect(remarks == [])
        #expect(
            paths(tree) == [
                "/lib", "/lib64", "/opt", "/opt/tool", "/opt/tool/real", "/usr", "/usr/bin",
                "/usr/bin/tool", "/usr/lib", "/usr/lib/deep", "/usr/lib/deep/libb.so",
                "/usr/lib/liba.so.1", "/usr/lib/liba.so.1.2", "/usr/lib/libb.so",
                "/usr/lib64", "/usr/lib64/ld.so",
            ])
        let chain = tree.why(try InitramfsPath("/usr/lib/deep/libb.so"))
        #expect(
            chain.map { "\($0.path): \($0.reason.text)" } == [
                "/usr/lib/deep/libb.so: library of", "/usr/lib/liba.so.1.2: library of",
                "/opt/tool/real: the recipe asks for it",
            ])
    }

    @Test func runpathOriginAndInheritedRpathAreFollowed() throws {
        let root = try TestTree()
        try root.write(
            "opt/a/bin/x", ELFSample(needed: ["l1.so"], rpath: "$ORIGIN/../lib").bytes, mode: 0o755)
        try root.write("opt/a/lib/l1.so", ELFSample(needed: ["l2.so"]).bytes)
        try root.write("opt/a/lib/l2.so", ELFSample(needed: ["l3.so"], runpath: "/srv").bytes)
        try root.write("srv/l3.so", ELFSample(needed: []).bytes)
        var tree = InitramfsTree()

        try tree.addBinary("/opt/a/bin/x", root: root.path, arch: .x86_64)

        #expect(
            tree.entries.filter { !$0.isDirectory }.map(\.path.display)
                == ["/opt/a/bin/x", "/opt/a/lib/l1.so", "/opt/a/lib/l2.so", "/srv/l3.so"])
    }

    /// A DT_RUNPATH is for the object's own libraries only.
    @Test func runpathIsNotInherited() throws {
        let root = try TestTree()
        try root.write("bin/x", ELFSample(needed: ["l1.so"], runpath: "/srv").bytes, mode: 0o755)
        try root.write("srv/l1.so", ELFSample(needed: ["l2.so"]).bytes)
        try root.write("srv/l2.so", ELFSample(needed: []).bytes)
        var tree = InitramfsTree()

        #expect(throws: GeneratorError.self) {
            try tree.addBinary("/bin/x", root: root.path, arch: .x86_64)
        }
    }

    @Test func librariesOfAnotherArchitectureArePassedOver() throws {
        let root = try TestTree()
        try root.write("bin/x", ELFSample(needed: ["l.so"], rpath: "/bad:/good").bytes, mode: 0o755)
        try root.write("bad/l.so", ELFSample(needed: [], machine: 183).bytes)
        try root.write("good/l.so", ELFSample(needed: []).bytes)
        var tree = InitramfsTree()

        try tree.addBinary("/bin/x", root: root.path, arch: .x86_64)

        #expect(tree.entry(at: try InitramfsPath("/good/l.so")) != nil)
        #expect(tree.entry(at: try InitramfsPath("/bad/l.so")) == nil)
    }

    @Test func aProgramThatEndsThreadsBringsLibgcc() throws {
        let root = try TestTree()
        try root.write(
            "bin/x", ELFSample(needed: [], strings: ["pthread_exit"]).bytes, mode: 0o755)
        try root.write("usr/lib/libgcc_s.so.1", ELFSample(needed: []).bytes)
        var tree = InitramfsTree()

        try tree.addBinary("/bin/x", root: root.path, arch: .x86_64)

        let chain = tree.why(try InitramfsPath("/usr/lib/libgcc_s.so.1"))
        #expect(chain.map(\.reason.text).first == "loaded where a thread ends, by")
    }

    @Test func whatIsLoadedAtRunTimeComesByItsPriority() throws {
        let root = try TestTree()
        let note = """
            [{"soname":["libz.so.9","libz.so.1"],"priority":"recommended","description":"zip"},
            {"soname":["liby.so"],"priority":"suggested"},{"soname":["libx.so"]}]
            """
        try root.write("bin/x", ELFSample(needed: [], dlopen: note).bytes, mode: 0o755)
        try root.write("usr/lib/libz.so.1", ELFSample(needed: []).bytes)
        try root.write("usr/lib/liby.so", ELFSample(needed: []).bytes)
        var tree = InitramfsTree()

        let remarks = try tree.addBinary("/bin/x", root: root.path, arch: .x86_64)

        #expect(
            tree.entries.filter { !$0.isDirectory }.map(\.path.display)
                == ["/bin/x", "/usr/lib/libz.so.1"])
        #expect(remarks == ["`libx.so` was not found: `/bin/x` wants it"])
    }

    @Test func aScriptBringsItsInterpreter() throws {
        let root = try TestTree()
        try root.write("bin/s", "#!/usr/bin/env tool\n", mode: 0o755)
        try root.write("usr/bin/env", ELFSample(needed: []).bytes, mode: 0o755)
        try root.write("usr/bin/tool", ELFSample(needed: []).bytes, mode: 0o755)
        var tree = InitramfsTree()

        try tree.addBinary("s", root: root.path, arch: .x86_64)

        #expect(
            tree.entries.filter { !$0.isDirectory }.map(\.path.display)
                == ["/bin/s", "/usr/bin/env", "/usr/bin/tool"])
    }

    @Test func wrongProgramsAreRefused() throws {
        let root = try TestTree()
        try root.write("bin/arm", ELFSample(needed: [], machine: 183).bytes, mode: 0o755)
        try root.write("bin/lost", ELFSample(needed: ["libnone.so.3"]).bytes, mode: 0o755)
        try root.write("bin/dl", ELFSample(needed: [], interpreter: "/lib/none").bytes, mode: 0o755)
        #expect(symlink("loop", "\(root.path)/bin/loop") == 0)
        let message = { (name: String) -> String in
            var tree = InitramfsTree()
            do {
                try tree.addBinary(name, root: root.path, arch: .x86_64)
                return ""
            } catch { return "\(error)" }
        }

        #expect(message("/bin/arm") == "program `/bin/arm` is for arm64: expected one for x86_64")
        #expect(
            message("/bin/lost") == "library `libnone.so.3`: not found, and `/bin/lost` needs it")
        #expect(message("/bin/dl") == "interpreter `/lib/none`: not found, and `/bin/dl` needs it")
        #expect(message("/bin/gone") == "program `/bin/gone`: not found in `\(root.path)/`")
        #expect(message("/bin/loop") == "program `/bin/loop`: not found in `\(root.path)/`")
        #expect(
            message("gone")
                == "program `gone`: not found in the program folders of `\(root.path)/`")
    }
}
