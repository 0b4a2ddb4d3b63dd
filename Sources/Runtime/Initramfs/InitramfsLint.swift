import SystemPackage

/// Finds before boot what a kernel would only say by a panic, by a hang, or not at all.
public enum InitramfsLint {
    /// What is known about the kernel that is to boot the image.
    public struct Target: Sendable {
        /// What the kernel runs on; more exact than ``machine``, which stands in where it is nil.
        public var arch: Arch?
        /// The ELF machine number of its programs (`EM_X86_64` is 62); nil takes any.
        public var machine: UInt16?
        /// Where the kernel starts: `rdinit=`, without the leading slash.
        public var initPath: [UInt8] = Array("init".utf8)
        /// Whether a program that `/init` does not start by itself, and that could not run, is an
        /// error rather than a warning.
        public var isStrict = false
        /// Options of its configuration that are `y`, to see which codecs it has; nil takes all.
        public var builtIn: Set<String>?
        /// The kernel's `.config`, which is read where ``builtIn`` is nil and a segment is
        /// compressed.
        public var configuration: FilePath?

        /// What `qsh lint` is told; programs that do not run are errors for it.
        ///
        /// - Parameters:
        ///   - arch: a name; nil for the kernel's, or the host's where none is given.
        ///   - kernel: an image, whose codecs are taken from the configuration in it or beside it.
        ///   - initPath: `rdinit=`.
        public init(arch: String?, kernel: FilePath?, initPath: String) async throws {
            var description: KernelDescription?
            if let kernel {
                let image = try KernelImage.identify(kernel)
                description = try await WorkerThread.run { _ in try KernelDescription(image) }
            }
            isStrict = true
            builtIn = description?.builtIn
            configuration = description.flatMap { KernelSurroundings($0.image).config }
            self.initPath = Array(initPath.utf8.drop { $0 == UInt8(ascii: "/") })
            if let arch {
                guard let known = Arch.named(arch) else {
                    throw InitramfsError.unknownArch(
                        arch, near: nearest(to: arch, among: Arch.all.map(\.name)))
                }
                self.arch = known
                machine = known.elf.machine
            } else {
                self.arch = description.map { $0.image.arch } ?? Arch.ofHost
                machine = self.arch?.elf.machine
            }
        }

        /// Assumes nothing about the kernel.
        public init() {}
    }

    /// Checks an image file: what the reader found, and what its `/init` is.
    ///
    /// - Throws: where the file cannot be read.
    public static func lint(
        image file: FilePath, for target: Target = .init()
    ) throws(InitramfsError) -> [InitramfsFinding] {
        var options = InitramfsReader.Options()
        options.programs = true
        return lint(try InitramfsReader.read(file, options), for: target)
    }

    /// Checks an image that was read already; libraries only where its programs were asked for.
    public static func lint(
        _ image: InitramfsImage, for target: Target = .init()
    ) -> [InitramfsFinding] {
        image.findings + missingCodecs(image, target)
            + programFindings(image.tree, target)
    }

    /// The same on a worker thread.
    public static func findings(
        of file: FilePath, for target: Target
    ) async throws -> [InitramfsFinding] {
        try await WorkerThread.run { _ in try lint(image: file, for: target) }
    }

    /// Checks a tree before it is written: only `/init` and what it needs can be wrong with it.
    ///
    /// - Throws: where a file of the host cannot be read.
    public static func lint(
        tree: InitramfsTree, for target: Target = .init()
    ) throws(InitramfsError) -> [InitramfsFinding] {
        programFindings(try tree.nodes(), target)
    }

    /// Returns the error that forbids to boot the image called `name`; nil where nothing does.
    public static func refusal(
        _ findings: [InitramfsFinding], of name: String
    ) -> InitramfsError? {
        let errors = findings.filter { $0.severity == .error }
        guard let first = errors.first else { return nil }
        return .unbootable(name, first.message, others: errors.dropFirst().map(\.message))
    }

    private static func programFindings(
        _ tree: [InitramfsNode], _ target: Target
    ) -> [InitramfsFinding] {
        let index = InitramfsNodeIndex(tree)
        var check = InitCheck(index, target)
        let own = check.findings()
        return own + ProgramCheck(tree, index, target, started: check.started).findings()
            + ModuleCheck(tree: tree, target: target).findings()
    }

    private static func missingCodecs(
        _ image: InitramfsImage, _ target: Target
    ) -> [InitramfsFinding] {
        let needed = image.segments.filter { $0.codec.kernelOption != nil }
        guard !needed.isEmpty, let builtIn = target.builtIn ?? options(in: target.configuration)
        else { return [] }
        return needed.compactMap { segment in
            guard let option = segment.codec.kernelOption, !builtIn.contains(option) else {
                return nil
            }
            return InitramfsFinding(
                .error, at: segment.offset,
                "the kernel lacks `\(option)`: it cannot unpack this \(segment.codec.rawValue) "
                    + "segment")
        }
    }

    /// Options of a `.config` that are built in; nil where it cannot be read.
    private static func options(in file: FilePath?) -> Set<String>? {
        guard let file, let bytes = try? HostFile.contents(of: file, limit: 4 << 20) else {
            return nil
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { $0.ends(with: "=y".utf8) }
        return Set(lines.map { String(decoding: $0.dropLast(2), as: UTF8.self) })
    }
}

extension Collection where Element == UInt8 {
    fileprivate func ends(with text: String.UTF8View) -> Bool {
        suffix(text.count).elementsEqual(text)
    }
}
