import SystemPackage

/// What is asked of a kernel's configuration.
public struct KernelConfigRequest: Sendable, Equatable {
    /// What the configuration starts from.
    public enum Base: Sendable, Equatable {
        /// A target of the tree's own: `defconfig`, `tinyconfig`, `allnoconfig`,
        /// `localmodconfig`, or any file below `arch/*/configs`.
        case target(String)
        /// A `.config`, compressed or not; a kernel image that carries its own
        /// (`CONFIG_IKCONFIG`); or a folder that has one of these.
        case file(FilePath)
        /// A configuration that has been read already.
        case config(KernelConfig)
    }

    /// One wanted value, and who wants it.
    public struct Setting: Sendable, Equatable {
        /// The wanted value.
        public var value: KernelConfig.Value
        /// Who wants it, for errors.
        public var origin: Origin

        /// Makes a setting.
        public init(value: KernelConfig.Value, origin: Origin = .set) {
            self.value = value
            self.origin = origin
        }
    }

    /// Who asked for a value.
    public enum Origin: Sendable, Equatable {
        /// A line of a fragment: its name and the line's number.
        case line(String, Int)
        /// The `set` table.
        case set
        /// A `requires` list.
        case requires
        /// An option of a machine, which works with such a kernel only.
        case feature(String)
    }

    /// What the configuration starts from.
    public var base: Base
    /// Files of settings. Two that disagree about a symbol are an error.
    public var fragments: [FilePath]
    /// Single values, which win over fragments. Values that look alike in every type (`"m"`,
    /// `"4"`) get the type that the symbol has.
    public var set: [String: KernelConfig.Value]
    /// Symbols that must be built in or modules in the end.
    public var requires: [String]

    /// Makes a request.
    public init(
        base: Base, fragments: [FilePath] = [], set: [String: KernelConfig.Value] = [:],
        requires: [String] = []
    ) {
        self.base = base
        self.fragments = fragments
        self.set = set
        self.requires = requires
    }
}

extension KernelConfigRequest.Base {
    /// Reads what a recipe names: a target of the tree's, or a file.
    ///
    /// A word with a slash is a file, unless only the tree has it (`arch/x86/configs/…`); one
    /// without is a target, unless only a file is called that.
    public init(_ text: String, in tree: FilePath, arch: Arch) {
        let path = FilePath(text)
        let name = path.lastComponent?.string ?? text
        let own = ["arch/\(arch.kernel.sourceFolder)/configs", "kernel/configs"].map {
            tree.appending(FilePath($0).components).appending(name)
        }
        let isOfTree =
            text.hasSuffix("config") && !text.hasPrefix(".")
            && (!text.contains("/") || own.contains { $0.ends(with: path) && FileTree.isFile($0) })
        let isHere = FileTree.isFile(path) || FileTree.isFolder(path)
        if isOfTree, !isHere || own.contains(where: { FileTree.isFile($0) }) {
            self = .target(name)
        } else {
            self = text.contains("/") || isHere ? .file(path) : .target(text)
        }
    }
}
