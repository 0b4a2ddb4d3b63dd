import SystemPackage

/// A configuration that keeps what was asked of it.
public struct KernelConfigResult: Sendable, Equatable {
    /// Every symbol as the kernel's build will see it.
    public var config: KernelConfig
    /// The `.config` in the build folder.
    public var path: FilePath
    /// Whether the file is another than it was before. Where it is the same it was not touched,
    /// so that make sees no newer file.
    public var isChanged: Bool
    /// What is worth saying although nothing is wrong, one sentence each.
    public var notes: [String]
}

extension KernelConfigResult {
    /// The file as it is.
    ///
    /// - Throws: ``KernelConfigError/unreadable(_:_:)``.
    public func bytes() throws(KernelConfigError) -> [UInt8] {
        guard let bytes = KconfigFile.contents(path.string) else {
            throw .unreadable(path, .noSuchFileOrDirectory)
        }
        return bytes
    }
}
