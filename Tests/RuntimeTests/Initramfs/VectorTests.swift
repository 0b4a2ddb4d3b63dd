import FoundationEssentials
import Glibc
import SystemPackage
import Testing

@testable import QshRuntime

/// Archives that a real kernel (Debian's Linux 6.1.192) unpacked behind a base archive, with the
/// tree that came of it; those in `damaged` are of its user-mode Linux 6.1.176.
enum Vectors {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        struct Entry: Decodable, Equatable, Sendable {
            var path: String
            var type: String
            var mode: String
            var owner: String
            var nlink: Int?
            var size: UInt64?
            var target: String?
            // The key of expected.json.
            // swift-format-ignore: AlwaysUseLowerCamelCase
            var rdev_hex: String?
            var mtime: UInt32?
            // swift-format-ignore: AlwaysUseLowerCamelCase
            var md5_first64k: String?
        }

        var file: String
        var what: String
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var kernel_message: String?
        var tree: [Entry]

        var testDescription: String { "\(file): \(what)" }
    }

    static let folder: FilePath = {
        var path = FilePath(#filePath)
        for _ in 0..<3 { path.removeLastComponent() }
        return path.appending("Fixtures/vectors")
    }()

    static let all = vectors(in: "") + vectors(in: "damaged/")

    private static func vectors(in place: String) -> [Vector] {
        let path = folder.appending(place + "expected.json").string
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else { return [] }
        return ((try? JSONDecoder().decode([Vector].self, from: data)) ?? []).map {
            var vector = $0
            vector.file = place + vector.file
            return vector
        }
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        try HostFile.contents(of: folder.appending(name), limit: 1 << 24)
    }
}

@Suite struct VectorTests {
    @Test func thereAre158Vectors() {
        #expect(Vectors.all.count == 158)
    }

    @Test(arguments: Vectors.all)
    func treeAndMessageAreTheKernels(_ vector: Vectors.Vector) throws {
        var options = InitramfsReader.Options()
        options.digests = true
        let image = try InitramfsReader.read(Vectors.folder.appending(vector.file), options)
        #expect(
            image.tree.map(entry).sorted { $0.path < $1.path }.map { timed($0, vector) }
                == vector.tree.sorted { $0.path < $1.path })
        let stop = image.findings.map(\.message).first { $0.contains("the kernel stops here: ") }
        if let message = vector.kernel_message, !message.hasPrefix("ACPI") {
            let last = message.split(separator: "; ").last.map(String.init) ?? message
            #expect(stop?.contains(last) == true, "\(image.findings)")
        } else {
            #expect(stop == nil)
        }
    }

    /// Where the oracle saw the clock of its boot, the time is not compared.
    private func timed(
        _ entry: Vectors.Vector.Entry, _ vector: Vectors.Vector
    ) -> Vectors.Vector.Entry {
        var entry = entry
        let expected = vector.tree.first { $0.path == entry.path }
        if expected != nil, expected?.mtime == nil { entry.mtime = nil }
        return entry
    }

    private func entry(_ node: InitramfsNode) -> Vectors.Vector.Entry {
        let isFile = node.type == .file
        let isDevice = node.type == .character || node.type == .block
        let hex = node.digest.prefix(4).map {
            String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
        }
        return Vectors.Vector.Entry(
            path: String(decoding: node.path, as: UTF8.self), type: node.type.rawValue,
            mode: String(node.mode, radix: 8), owner: "\(node.uid):\(node.gid)",
            nlink: [.directory, .fifo, .socket].contains(node.type) ? nil : node.links,
            size: isFile ? node.size : nil,
            target: node.type == .symlink
                ? String(decoding: node.target.prefix(60), as: UTF8.self) : nil,
            rdev_hex: isDevice
                ? String(node.major, radix: 16) + "," + String(node.minor, radix: 16) : nil,
            mtime: node.modificationTime, md5_first64k: isFile ? hex.joined() : nil)
    }

    /// What a decoder of the kernel holds back when it fails is lost; seen with Linux 6.1.
    @Test(arguments: ["bzip2", "lzma"])
    func whatADecoderHoldsBackIsLost(_ codec: String) throws {
        var tree = InitramfsTree()
        try tree.addFile("f", text: "hello\n")
        var bytes = try tree.image(compression: InitramfsCompression(codec))
        bytes.removeLast(6)
        let image = try InitramfsReader.read(bytes: bytes)
        #expect(image.tree == [])
        #expect(image.hasErrors)
    }

    /// `l/` behind a symlink that leads nowhere makes no directory.
    @Test func mkdirDoesNotFollowTheLastSymlink() throws {
        func entry(_ name: String, mode: UInt32, _ data: String = "") -> [UInt8] {
            var header = CpioHeader()
            header.mode = mode
            header.fileSize = UInt32(data.utf8.count)
            header.nameSize = UInt32(name.utf8.count + 1)
            var bytes = header.encoded + Array(name.utf8) + [0]
            while bytes.count % 4 != 0 { bytes.append(0) }
            bytes += Array(data.utf8)
            while bytes.count % 4 != 0 { bytes.append(0) }
            return bytes
        }
        let bytes = entry("l", mode: 0o120777, "tgt") + entry("l/", mode: 0o040755)
        let image = try InitramfsReader.read(bytes: bytes)
        #expect(image.tree.map { printable($0.path) } == ["l"])
        #expect(image.tree.first?.type == .symlink)
    }
}
