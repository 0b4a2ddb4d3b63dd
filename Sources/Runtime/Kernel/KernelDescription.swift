import CLinux
import Glibc
import SystemPackage

/// What a kernel image says of itself.
public struct KernelDescription: Sendable {
    /// Its headers.
    public let image: KernelImage
    /// `uname -r`; nil where it is not to be found.
    public let release: String?
    /// The configuration that it was built with, as text, where it carries it
    /// (`CONFIG_IKCONFIG`).
    public let configuration: [UInt8]?

    /// The system, the command line and the release that a unified kernel image names.
    var unified: UnifiedKernelImage?

    /// The kernel of a unified kernel image; nil where what it holds is none that is known.
    init?(_ unified: UnifiedKernelImage, in file: FilePath) throws(InitramfsError) {
        let input = try ImageInput(opening: file, part: unified.kernel)
        // s390's magic is the furthest, at 64 KiB.
        let head = LittleEndianBytes(try input.bytes(at: 0, count: 68 * 1024))
        guard let image = try? KernelImage(path: file, size: UInt64(input.end), header: head)
        else { return nil }
        try self.init(image, part: unified.kernel)
        self.unified = unified
    }

    /// Looks whether a file is a kernel.
    ///
    /// - Returns: nil for everything that may be an initramfs, junk included.
    /// - Throws: ``KernelImageError`` for a kernel that is cut short.
    init?(looking file: FilePath) throws(KernelImageError) {
        let image: KernelImage
        do throws(KernelImageError) {
            image = try KernelImage.identify(file)
        } catch {
            if case .truncated = error.reason { throw error }
            return nil
        }
        // gzip alone is the form of most initramfs images, too.
        if image.format == .gzip, image.arch == nil { return nil }
        try? self.init(image)
    }

    /// Reads through a kernel for what its header does not tell.
    ///
    /// - Throws: ``InitramfsError`` where it cannot be read.
    ///
    /// - Parameter part: of the file that is the kernel; all of it where nil.
    init(_ image: KernelImage, part: Range<Int>? = nil) throws(InitramfsError) {
        var search = KernelTextSearch()
        try Self.unpack(image, ImageInput(opening: image.path, part: part)) { search.take($0) }
        self.image = image
        release = image.release ?? search.release
        configuration = search.configuration
    }

    /// `{ format, arch, release, config }`, and `system` and `append` of a unified image.
    public var json: JSONValue {
        var members: [String: JSONValue] = ["format": .string(image.format.rawValue)]
        members["system"] = unified?.system.map { .string($0) }
        members["append"] = unified?.commandLine.map { .string($0) }
        if let arch = image.arch { members["arch"] = .string(arch.name) }
        if let release { members["release"] = .string(release) }
        if let configuration {
            members["config"] = .string(String(decoding: configuration, as: UTF8.self))
        }
        return .object(members)
    }

    /// Lines of its facts, each with its end, the configuration left out.
    public var text: String {
        let wrapped = unified == nil ? "" : " in a unified kernel image"
        var lines = ["format:   \(image.format.rawValue)\(wrapped)"]
        if let system = unified?.system { lines.append("system:   \(system)") }
        if let arch = image.arch { lines.append("arch:     \(arch)") }
        lines.append("kernel:   \(release ?? "of an unknown version")")
        let options = configuration.map { text in
            text.split(separator: UInt8(ascii: "\n")).count { $0.starts(with: "CONFIG_".utf8) }
        }
        lines.append("config:   " + (options.map { "\($0) options set" } ?? "not embedded"))
        if let append = unified?.commandLine { lines.append("append:   \(append)") }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Options of the configuration that are built in; nil where it is not known.
    var builtIn: Set<String>? {
        guard let configuration else { return nil }
        let lines = String(decoding: configuration, as: UTF8.self).split(separator: "\n")
        return Set(lines.filter { $0.hasSuffix("=y") }.map { String($0.dropLast(2)) })
    }

    /// Hands on the uncompressed kernel in pieces, as much of it as there is.
    private static func unpack(
        _ image: KernelImage, _ input: ImageInput, _ output: DecoderOutput
    ) throws(InitramfsError) {
        if let payload = try payload(of: image, input) {
            input.move(to: payload.lowerBound)
            input.cut(at: payload.upperBound)
            let magic = try input.peek(2)
            if let codec = InitramfsCodec.detect(magic) {
                _ = try codec.decode(input, output)
                return
            }
        }
        while true {
            let window = try input.peek()
            if window.isEmpty || !output(window) { return }
            input.advance(window.count)
        }
    }

    /// Where x86's compressed kernel lies: `payload_offset` counts from the end of the setup
    /// sectors (Documentation/arch/x86/boot.rst).
    private static func payload(
        of image: KernelImage, _ input: ImageInput
    ) throws(InitramfsError) -> Range<Int>? {
        switch image.format {
        case .bzImage:
            let header = LittleEndianBytes(try input.bytes(at: 0, count: 1024))
            guard let sectors = header.u8(0x1f1), let offset = header.u32(0x248),
                let length = header.u32(0x24c)
            else { return nil }
            let start = (Int(sectors == 0 ? 4 : sectors) + 1) * 512 + Int(offset)
            return start..<start + Int(length)
        case .gzip:
            return 0..<input.end
        case .efiZboot:
            let header = LittleEndianBytes(try input.bytes(at: 0, count: 64))
            guard let offset = header.u32(8), let length = header.u32(12) else { return nil }
            return Int(offset)..<Int(offset) + Int(length)
        default:
            return nil
        }
    }
}
