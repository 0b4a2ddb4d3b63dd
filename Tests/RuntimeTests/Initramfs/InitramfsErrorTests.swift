import Glibc
import SystemPackage
import Testing

@testable import QshRuntime

/// The whole text of each error, met through the call that raises it.
@Suite struct InitramfsErrorTests {
    private func message(_ body: (inout InitramfsTree) throws -> Void) -> String {
        var tree = InitramfsTree()
        do {
            try body(&tree)
            return "no error"
        } catch let error as InitramfsError {
            return error.diagnostic.message
        } catch {
            return "\(error)"
        }
    }

    @Test func namesThatTheKernelDrops() {
        #expect(
            message { try $0.addFile("", text: "") }
                == "a path in an initramfs is empty: expected a name such as `/init`")
        #expect(
            message { try $0.addFile("a\0b", text: "") }
                == "path `a\\x00b` holds a NUL byte: the kernel would end the name there")
        #expect(
            message { try $0.addFile("a/../b", text: "") }
                == "path `a/../b` holds `..`: expected a path from the root of the initramfs")
        let long = String(repeating: "x/", count: 2048) + "y"
        #expect(
            message { try $0.addFile(long, text: "") } == "path `"
                + String(long.prefix(60))
                + "…` is 4097 bytes long: the kernel takes at most 4095")
        #expect(
            message { try $0.addFile(String(repeating: "n", count: 256), text: "") }
                == "path `" + String(repeating: "n", count: 60)
                + "…` has a component of 256 bytes: the kernel takes at most 255")
        #expect(
            message { try $0.addFile("/TRAILER!!!", text: "") }
                == "path `TRAILER!!!` cannot be a file: that name ends a cpio archive")
        #expect(message { try $0.addFile("d/TRAILER!!!", text: "") } == "no error")
    }

    @Test(arguments: ["", "9", "0x1", "10000", "007777", "rwx", "-1"])
    func modesThatAreNotOctal(text: String) {
        #expect(
            message { _ in _ = try FileMode(parsing: text) }
                == "mode `\(text)` is not octal: expected a string such as \"0755\", "
                + "at most \"7777\""
        )
    }

    @Test func entriesThatTheKernelDrops() {
        #expect(
            message { try $0.addSymlink("l", target: "") }
                == "symlink `/l` has an empty target: expected a path")
        #expect(
            message { try $0.addSymlink("l", target: "a\0") }
                == "symlink `/l` has a NUL byte in its target: the kernel would end it there")
        #expect(
            message { try $0.addSymlink("l", target: String(repeating: "t", count: 4096)) }
                == "symlink `/l` has a target of 4096 bytes: the kernel takes at most 4095")
        #expect(
            message { try $0.addNode("n", .blockDevice(major: 4096, minor: 0)) }
                == "device `/n` has major number 4096: the kernel takes at most 4095")
        #expect(
            message { try $0.addNode("n", .characterDevice(major: 1, minor: 1 << 20)) }
                == "device `/n` has minor number 1048576: the kernel takes at most 1048575")
    }

    @Test func clashesAndLoops() {
        #expect(
            message {
                try $0.addFile("d/f", text: "")
                try $0.addFile("d", text: "")
            } == "cannot add `/d` as a file: it is a directory already")
        #expect(
            message {
                try $0.addFile("f", text: "")
                try $0.addDirectory("f")
            } == "cannot add `/f` as a directory: it is a file already")
        #expect(
            message {
                try $0.addFile("f", text: "")
                try $0.addFile("f/g", text: "")
            } == "cannot add `/f/g`: `/f` is a file, not a directory")
        #expect(
            message {
                try $0.addSymlink("a", target: "b")
                try $0.addSymlink("b", target: "a")
                try $0.addFile("a/x", text: "")
            } == "cannot add `/a/x`: the symlinks on its way form a loop")
    }

    @Test func hostFiles() throws {
        let folder = try TestFolder()
        let missing = folder.path.appending("none")
        #expect(
            message { try $0.addFile("f", from: missing) }
                == "cannot read `\(missing)`: No such file or directory")
        #expect(
            message { try $0.addFile("f", from: folder.path) }
                == "cannot take `\(folder.path)` as a file: it is a directory")
        let text = try folder.write("text", Array("plain".utf8))
        #expect(
            message { try $0.addTree("f", from: text) }
                == "cannot take `\(text)` as a directory: it is a file")
        #expect(
            message { try $0.addBusybox(from: text) }
                == "`\(text)` is not busybox: it holds no table of applets")
        #expect(
            message {
                try $0.add(
                    InitramfsEntry(
                        path: InitramfsPath("f"),
                        kind: .file(.hostRange(text, offset: 3, length: 9))))
                _ = try $0.image()
            } == "file `\(text)` has 5 bytes: bytes 3 to 12 are not in it")
    }

    @Test func filesThatVanishOrAreTooLarge() throws {
        let folder = try TestFolder()
        let gone = try folder.write("gone", [1])
        #expect(
            message {
                try $0.addFile("f", from: gone)
                unlink(gone.string)
                _ = try $0.image()
            } == "cannot read `\(gone)`: No such file or directory")
        let huge = try folder.write("huge", [])
        truncate(huge.string, 1 << 32)
        #expect(
            message {
                try $0.addFile("f", from: huge)
                _ = try $0.image()
            } == "file `/f` has 4294967296 bytes: a cpio entry holds at most 4294967295")
    }

    @Test func fileThatShrinksWhileItIsRead() throws {
        // /proc files say that they have no bytes, and /sys ones that they have 4096.
        let lying: FilePath = "/sys/kernel/mm/transparent_hugepage/enabled"
        try #require(access(lying.string, R_OK) == 0)
        let text = message {
            try $0.addFile("f", from: lying)
            _ = try $0.image()
        }
        #expect(
            text.hasPrefix(
                "file `\(lying)` shrank while it was read: expected 4096 bytes, got "))
    }

    @Test func fileThatHidesItsSize() {
        #expect(
            message {
                try $0.addFile("f", from: "/proc/version")
                _ = try $0.image()
            } == "file `/proc/version` holds more than the 0 bytes of its size")
    }

    @Test func fullDiskLeavesNothing() async throws {
        var tree = InitramfsTree()
        try tree.addFile("f", bytes: [UInt8](repeating: 1, count: 3 << 20))
        await #expect(throws: InitramfsError.outputFull("/dev/full")) {
            try await tree.write(to: "/dev/full")
        }
        #expect(
            InitramfsError.outputFull("x.img").diagnostic.message
                == "cannot write `x.img`: no space left on the device, and nothing was kept")
    }

    @Test func failedWriteKeepsTheOldImage() async throws {
        let folder = try TestFolder()
        let image = try folder.write("out.img", Array("old".utf8))
        let source = try folder.write("source", [1])
        var tree = InitramfsTree()
        try tree.addFile("f", from: source)
        unlink(source.string)
        await #expect(throws: InitramfsError.self) { try await tree.write(to: image) }
        #expect(try HostFile.contents(of: image, limit: 10) == Array("old".utf8))
        #expect(try HostFile.names(in: folder.path).count == 1)
        let nowhere = folder.path.appending("none/out.img")
        await #expect(
            throws: InitramfsError.outputFailed(
                nowhere, reason: "No such file or directory")
        ) {
            try await tree.write(to: nowhere)
        }
    }

    @Test func unknownApplet() throws {
        try #require(access("/bin/busybox", R_OK) == 0)
        var tree = InitramfsTree()
        let error = #expect(throws: InitramfsError.self) {
            try tree.addBusybox(from: "/bin/busybox", applets: ["mont"])
        }
        #expect(error?.diagnostic.message == "busybox has no applet `mont`")
        #expect(error?.diagnostic.hint == "did you mean `mount`?")
    }

    @Test func fileThatChangesWhileItIsRead() throws {
        let folder = try TestFolder()
        let source = try folder.write("source", [1, 2, 3])
        var tree = InitramfsTree()
        try tree.addFile("f", from: source)
        var writer = CpioWriter(to: MeddlingSink(source), CpioConfiguration())
        let error = #expect(throws: InitramfsError.self) {
            try writer.write(tree.entries) { false }
        }
        #expect(
            error?.diagnostic.message == "file `\(source)` changed while it was read: "
                + "the image would hold a mixture")
    }

    @Test func oldAndNewFilesAreReadAlike() throws {
        let folder = try TestFolder()
        let source = try folder.write("source", Array("data".utf8))
        var tree = InitramfsTree()
        try tree.addFile("f", from: source, mode: .file)
        let new = try tree.image()
        var times = [timeval(tv_sec: 1000, tv_usec: 0), timeval(tv_sec: 1000, tv_usec: 0)]
        #expect(utimes(source.string, &times) == 0)
        #expect(try tree.image() == new)
    }

    @Test(arguments: ["-1", "4294967296", "yesterday", ""])
    func badSourceDateEpoch(text: String) {
        #expect(
            InitramfsError.badSourceDateEpoch(text).diagnostic.message
                == "`SOURCE_DATE_EPOCH` expects seconds from 0 to 4294967295, got `\(text)`")
    }
}

/// Writes to the source file in the middle of its copy.
private final class MeddlingSink: ImageSink {
    private let source: FilePath
    private let inner = MemorySink()

    init(_ source: FilePath) { self.source = source }

    func write(_ bytes: UnsafeRawBufferPointer) throws(InitramfsError) { try inner.write(bytes) }

    func copy(from descriptor: Int32, count: Int) throws(ReadFailure) -> Int {
        let copied = try inner.copy(from: descriptor, count: count)
        if let file = fopen(source.string, "a") {
            fputs("more", file)
            fclose(file)
        }
        return copied
    }

    func finish() throws(InitramfsError) {}
}
