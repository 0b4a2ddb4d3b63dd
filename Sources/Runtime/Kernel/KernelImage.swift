import Glibc
import SystemPackage

/// What a kernel image file says about itself.
///
/// Only headers are read, so recognising one costs microseconds; ``release(scanning:)`` reads on.
public struct KernelImage: Sendable, Equatable {
    /// How the file is laid out.
    public enum Format: String, Sendable {
        /// x86's setup header with a compressed kernel (Documentation/arch/x86/boot.rst).
        case bzImage
        /// s390's `bzImage`, which shares nothing but the name.
        case s390Image = "s390 bzImage"
        /// The bare, uncompressed image of arm64, riscv64 and loong64.
        case image = "Image"
        /// 32-bit Arm's self-extracting image.
        case zImage
        /// ELF executable, as the build leaves it in `vmlinux`.
        case elf = "vmlinux"
        /// Program of the host: user-mode Linux.
        case userMode = "linux"
        /// EFI program with a compressed kernel inside (`CONFIG_EFI_ZBOOT`).
        case efiZboot = "EFI zboot"
        /// An `Image` that was compressed as a whole, which QEMU unpacks on arm64 only.
        case gzip = "Image.gz"
    }

    /// Where the file is.
    public let path: FilePath
    /// How it is laid out.
    public let format: Format
    /// What it runs on; nil where the format does not tell.
    public private(set) var arch: Arch?
    /// `uname -r` of the kernel, where the header holds it (bzImage only).
    public let release: String?
    /// Length of the file in bytes.
    public let size: UInt64

    /// Recognises a kernel image.
    ///
    /// - Throws: ``KernelImageError`` where the file cannot be read, is no kernel, or is shorter
    ///   than its own header promises.
    public static func identify(_ path: FilePath) throws(KernelImageError) -> KernelImage {
        let size: UInt64
        let header: [UInt8]
        do throws(Errno) {
            size = try regularFileSize(path)
            // s390's magic is the furthest, at 64 KiB.
            header = try readSmallFile(path, limit: 68 * 1024)
        } catch {
            throw KernelImageError(path, .unreadable(error))
        }
        if ELFFields.starts(header), UserModeKernel.isOne(path) {
            return KernelImage(userMode: path, size: size)
        }
        do throws(KernelImageError.Reason) {
            let image = try KernelImage(path: path, size: size, header: LittleEndianBytes(header))
            return image.format == .gzip ? image.lookingInside() : image
        } catch {
            throw KernelImageError(path, error)
        }
    }

    /// Checks that the kernel runs on `arch`.
    ///
    /// - Throws: ``KernelImageError`` naming both architectures.
    public func require(_ arch: Arch) throws(KernelImageError) {
        guard let own = self.arch, own != arch else { return }
        throw KernelImageError(path, .foreign(kernel: own, machine: arch))
    }

    /// A compressed image with the architecture that the image inside says, where it is one.
    private func lookingInside() -> KernelImage {
        var head: [UInt8] = []
        // As much as `recognise` looks at.
        _ = try? GzipDecoder.decode(ImageInput(opening: path)) { bytes in
            head += bytes
            return head.count < 68 * 1024
        }
        var image = self
        image.arch = Self.recognise(LittleEndianBytes(head))?.arch
        return image
    }

    private init(userMode path: FilePath, size: UInt64) {
        self.path = path
        self.size = size
        format = .userMode
        arch = .um
        release = nil
    }

    /// Recognises an image by its first bytes.
    init(
        path: FilePath, size: UInt64, header: LittleEndianBytes
    ) throws(KernelImageError.Reason) {
        guard size > 0 else { throw .empty }
        guard let seen = Self.recognise(header) else { throw .notAKernel(whatItIs(header)) }
        if seen.promisedSize > size { throw .truncated(got: size, promised: seen.promisedSize) }
        self.path = path
        self.size = size
        format = seen.format
        arch = seen.arch
        release = seen.release
    }
}

extension KernelImage {
    private struct Recognised {
        var format: Format
        var arch: Arch?
        var promisedSize: UInt64 = 0
        var release: String?
    }

    private static func recognise(_ header: LittleEndianBytes) -> Recognised? {
        bzImage(header) ?? bareImage(header) ?? zImage(header) ?? efiZboot(header)
            ?? elf(header) ?? s390Image(header) ?? gzip(header)
    }

    private static func bzImage(_ header: LittleEndianBytes) -> Recognised? {
        guard header.hasBytes("HdrS", at: 0x202), header.u16(0x1fe) == 0xaa55 else { return nil }
        // A setup_sects of zero means four, for the sake of boot loaders from before 1.3.
        let setupSectors = header.u8(0x1f1).map { $0 == 0 ? 4 : UInt64($0) } ?? 4
        let paragraphs = UInt64(header.u32(0x1f4) ?? 0)
        let is64Bit = (header.u16(0x206) ?? 0) >= 0x20c && (header.u16(0x236) ?? 0) & 1 == 1
        let version = header.u16(0x20e).flatMap { $0 == 0 ? nil : Int($0) + 0x200 }
        return Recognised(
            format: .bzImage, arch: is64Bit ? .x86_64 : .i386,
            promisedSize: (setupSectors + 1) * 512 + paragraphs * 16,
            release: version.flatMap { header.text(at: $0, limit: 128) }
                .flatMap { $0.split(separator: " ").first.map(String.init) })
    }

    private static func bareImage(_ header: LittleEndianBytes) -> Recognised? {
        // The image_size field counts the zeroed data behind the file too, so it promises nothing.
        if header.hasBytes("ARM\u{64}", at: 0x38) {
            return Recognised(format: .image, arch: .arm64)
        }
        if header.hasBytes("RSC\u{5}", at: 0x38) {
            return Recognised(format: .image, arch: .riscv64)
        }
        if header.hasBytes("MZ", at: 0), header.u32(0x38) == 0x8182_23cd {
            return Recognised(format: .image, arch: .loong64)
        }
        return nil
    }

    private static func zImage(_ header: LittleEndianBytes) -> Recognised? {
        guard header.u32(0x24) == 0x016f_2818, let start = header.u32(0x28),
            let end = header.u32(0x2c)
        else { return nil }
        return Recognised(
            format: .zImage, arch: .armhf, promisedSize: UInt64(end >= start ? end - start : 0))
    }

    private static func efiZboot(_ header: LittleEndianBytes) -> Recognised? {
        guard header.hasBytes("MZ", at: 0), header.hasBytes("zimg", at: 4),
            let offset = header.u32(8), let length = header.u32(12), let pe = header.u32(0x3c)
        else { return nil }
        let machines: [UInt16: Arch] = [
            0x8664: .x86_64, 0xaa64: .arm64, 0x5064: .riscv64, 0x6264: .loong64,
        ]
        return Recognised(
            format: .efiZboot, arch: header.u16(Int(pe) + 4).flatMap { machines[$0] },
            promisedSize: UInt64(offset) + UInt64(length))
    }

    private static func elf(_ header: LittleEndianBytes) -> Recognised? {
        guard let elf = ELFHeader(header.bytes), elf.type == .executable || elf.type == .shared,
            elf.interpreter == nil
        else { return nil }
        return Recognised(format: .elf, arch: elf.arch, promisedSize: elf.promisedSize)
    }

    private static func s390Image(_ header: LittleEndianBytes) -> Recognised? {
        guard header.hasBytes("S390EP", at: 0x10008) else { return nil }
        return Recognised(format: .s390Image, arch: .s390x)
    }

    private static func gzip(_ header: LittleEndianBytes) -> Recognised? {
        guard header.u16(0) == 0x8b1f else { return nil }
        return Recognised(format: .gzip)
    }
}

private func regularFileSize(_ path: FilePath) throws(Errno) -> UInt64 {
    var status = stat()
    guard path.withPlatformString({ stat($0, &status) }) == 0 else { throw Errno(rawValue: errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return UInt64(status.st_size)
    case S_IFDIR: throw .isDirectory
    default: throw .invalidArgument
    }
}

/// Names what a file that is no kernel is, in words that end a sentence.
private func whatItIs(_ header: LittleEndianBytes) -> String {
    if header.hasBytes("07070", at: 0) { return "a cpio archive, which `initramfs` takes" }
    if header.hasBytes("!<arch>\ndebian", at: 0) { return "a Debian package, not yet unpacked" }
    if header.u32(0) == 0x5619_0527 { return "a U-Boot image, which QEMU does not boot" }
    if let elf = ELFHeader(header.bytes) { return elf.whatItIs }
    if header.looksLikeText { return "a text file" }
    return "a file of an unknown kind"
}
