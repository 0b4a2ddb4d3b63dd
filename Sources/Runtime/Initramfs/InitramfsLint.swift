import SystemPackage

/// Finds before boot what a kernel would only say by a panic, by a hang, or not at all.
public enum InitramfsLint {
    /// What is known about the kernel that is to boot the image.
    public struct Target: Sendable {
        /// The ELF machine number of its programs (`EM_X86_64` is 62); nil takes any.
        public var machine: UInt16?
        /// Where the kernel starts: `rdinit=`, without the leading slash.
        public var initPath: [UInt8] = Array("init".utf8)
        /// Options of its configuration that are `y`, to see which codecs it has; nil takes all.
        public var builtIn: Set<String>?

        /// Assumes nothing about the kernel.
        public init() {}
    }

    /// Checks an image file: what the reader found, and what its `/init` is.
    ///
    /// - Throws: where the file cannot be read.
    public static func lint(
        image file: FilePath, for target: Target = .init()
    ) throws(InitramfsError) -> [InitramfsFinding] {
        lint(try InitramfsReader.read(file), for: target)
    }

    /// Checks an image that was read already.
    public static func lint(
        _ image: InitramfsImage, for target: Target = .init()
    ) -> [InitramfsFinding] {
        image.findings + missingCodecs(image, target) + InitCheck(image.tree, target).findings()
    }

    /// Checks a tree before it is written: only `/init` and what it needs can be wrong with it.
    ///
    /// - Throws: where a file of the host cannot be read.
    public static func lint(
        tree: InitramfsTree, for target: Target = .init()
    ) throws(InitramfsError) -> [InitramfsFinding] {
        InitCheck(try tree.nodes(), target).findings()
    }

    /// Returns the error that forbids to boot the image called `name`; nil where nothing does.
    public static func refusal(
        _ findings: [InitramfsFinding], of name: String
    ) -> InitramfsError? {
        let errors = findings.filter { $0.severity == .error }
        guard let first = errors.first else { return nil }
        return .unbootable(name, first.message, others: errors.dropFirst().map(\.message))
    }

    private static func missingCodecs(
        _ image: InitramfsImage, _ target: Target
    ) -> [InitramfsFinding] {
        guard let builtIn = target.builtIn else { return [] }
        return image.segments.compactMap { segment in
            guard let option = segment.codec.kernelOption, !builtIn.contains(option) else {
                return nil
            }
            return InitramfsFinding(
                .error, at: segment.offset,
                "the kernel lacks `\(option)`: it cannot unpack this \(segment.codec.rawValue) "
                    + "segment")
        }
    }
}

/// Whether a kernel can start the tree's first program.
private struct InitCheck {
    private static let panic = "the kernel would panic with"
    private static let noRoot = "Unable to mount root fs"
    /// As deep as the kernel follows `#!` lines to further scripts.
    private static let maximumDepth = 5

    private let nodes: [[UInt8]: InitramfsNode]
    private let target: InitramfsLint.Target

    init(_ tree: [InitramfsNode], _ target: InitramfsLint.Target) {
        nodes = Dictionary(tree.map { ($0.path, $0) }) { first, _ in first }
        self.target = target
    }

    func findings() -> [InitramfsFinding] {
        let name = "/" + printable(target.initPath)
        guard let node = resolve(target.initPath) else {
            return [error("no `\(name)`: \(Self.panic) \"\(Self.noRoot)\"")]
        }
        guard node.type == .file else {
            return [
                error(
                    "`\(name)` is a \(node.type.rawValue), not a program: \(Self.panic) "
                        + "\"\(noInit)\"")
            ]
        }
        return program(node, name, depth: 0)
    }

    private var noInit: String {
        target.initPath == Array("init".utf8) ? "No working init found" : "Requested init failed"
    }

    private func error(_ message: String) -> InitramfsFinding {
        InitramfsFinding(.error, at: 0, message)
    }

    /// - Parameter name: what the chain of programs calls it, for messages.
    private func program(_ node: InitramfsNode, _ name: String, depth: Int) -> [InitramfsFinding] {
        if node.mode & 0o111 == 0 {
            let mode = "0" + String(node.mode, radix: 8)
            return [
                error(
                    "`\(name)` is not executable, its mode is \(mode): \(Self.panic) "
                        + "\"\(noInit)\"")
            ]
        }
        if node.size == 0 { return [error("`\(name)` is empty: \(Self.panic) \"\(noInit)\"")] }
        if node.head.starts(with: "#!".utf8) { return script(node, name, depth) }
        if let elf = ElfHead(node.head) { return binary(elf, name, depth) }
        return [
            error(
                "`\(name)` is neither an ELF program nor a script with `#!`: \(Self.panic) "
                    + "\"\(noInit)\"")
        ]
    }

    private func script(
        _ node: InitramfsNode, _ name: String, _ depth: Int
    ) -> [InitramfsFinding] {
        let line = node.head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        let blanks: Set<UInt8> = [0x20, 0x09]
        let word = Array(line.drop { blanks.contains($0) }.prefix { !blanks.contains($0) })
        if word.last == UInt8(ascii: "\r") {
            return [
                error(
                    "`\(name)` has DOS line ends: the kernel looks for the interpreter "
                        + "`\(printable(word))`")
            ]
        }
        return interpreter(word, of: name, depth)
    }

    private func binary(_ elf: ElfHead, _ name: String, _ depth: Int) -> [InitramfsFinding] {
        if let machine = target.machine, machine != elf.machine {
            return [
                error(
                    "`\(name)` is for \(ElfHead.machineName(elf.machine)), and the kernel "
                        + "for \(ElfHead.machineName(machine))")
            ]
        }
        return elf.interpreter.map { interpreter($0, of: name, depth) } ?? []
    }

    private func interpreter(
        _ path: [UInt8], of name: String, _ depth: Int
    ) -> [InitramfsFinding] {
        let text = printable(path)
        guard let node = resolve(path), node.type == .file else {
            return [
                error(
                    "`\(name)` needs the interpreter `\(text)`, which is not in the "
                        + "initramfs: \(Self.panic) \"\(noInit)\"")
            ]
        }
        if depth >= Self.maximumDepth { return [error("`\(name)` is an interpreter of itself")] }
        return program(node, text, depth: depth + 1)
    }

    /// Follows symlinks everywhere, as starting a program does.
    private func resolve(_ path: [UInt8]) -> InitramfsNode? {
        let slash = UInt8(ascii: "/")
        var pending = Array(path.split(separator: slash).reversed())
        var here: [[UInt8]] = []
        var symlinks = 0
        var node: InitramfsNode?
        while let component = pending.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                _ = here.popLast()
                continue
            }
            here.append(Array(component))
            node = nodes[Array(here.joined(separator: [slash]))]
            guard let found = node else { return nil }
            guard found.type == .symlink else { continue }
            symlinks += 1
            if symlinks > 40 { return nil }
            here.removeLast()
            if found.target.first == slash { here = [] }
            pending += found.target.split(separator: slash).reversed()
        }
        return node
    }
}
