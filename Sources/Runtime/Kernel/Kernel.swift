import SystemPackage

/// A kernel that can be booted, with what belongs to it.
public struct Kernel: Sendable, Equatable {
    /// How it was found.
    public enum Origin: String, Sendable {
        /// The caller named it.
        case asked
        /// `QSH_KERNEL` named it.
        case environment
        /// The host itself runs it.
        case host
        /// Debian's package, unpacked into qsh's cache.
        case debian
    }

    /// The image, absolute.
    public let image: FilePath
    /// How the image is laid out.
    public let format: KernelImage.Format
    /// `uname -r`; `unknown` where neither the image nor a name tells.
    public let release: String
    /// What it runs on.
    public let arch: Arch
    /// Its `lib/modules/RELEASE`; nil where it lies nowhere near.
    public let modules: FilePath?
    /// The `.config` it was built with; nil where it lies nowhere near.
    public let config: FilePath?
    /// How it was found.
    public let origin: Origin

    /// Reads an image's header and looks around it for what belongs to it.
    ///
    /// - Parameter arch: for the formats that do not tell (`Image.gz`).
    /// - Throws: ``KernelImageError`` where the file is no kernel.
    public init(
        image path: FilePath, origin: Origin, arch: Arch = .ofHost
    ) throws(KernelImageError) {
        let header = try KernelImage.identify(path)
        let surroundings = KernelSurroundings(header)
        image = FileTree.absolute(path)
        format = header.format
        release = surroundings.release ?? "unknown"
        self.arch = header.arch ?? arch
        modules = surroundings.modules
        config = surroundings.config
        self.origin = origin
    }
}
