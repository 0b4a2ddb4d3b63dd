/// Whether a kernel can start the tree's first program.
struct InitCheck {
    private static let panic = "the kernel would panic with"
    private static let noRoot = "Unable to mount root fs"
    /// As deep as the kernel follows `#!` lines to further scripts.
    private static let maximumDepth = 5

    private let index: InitramfsNodeIndex
    private let target: InitramfsLint.Target
    /// Inodes of the programs that the kernel starts, `/init` first, interpreters behind it.
    private(set) var started: [Int] = []

    init(_ index: InitramfsNodeIndex, _ target: InitramfsLint.Target) {
        self.index = index
        self.target = target
    }

    mutating func findings() -> [InitramfsFinding] {
        let name = "/" + printable(target.initPath)
        guard let node = index.resolve(target.initPath) else {
            return [
                InitramfsFinding(
                    .error, at: 0, "no `\(name)`: \(Self.panic) \"\(Self.noRoot)\"")
            ]
        }
        guard node.type == .file else {
            return [
                error(node, "`\(name)` is a \(node.type.rawValue), not a program: \(ending)")
            ]
        }
        return program(node, name, depth: 0)
    }

    /// What becomes of a boot whose first program cannot start.
    private var ending: String {
        let isUsual = target.initPath == Array("init".utf8)
        return "\(Self.panic) \"\(isUsual ? "No working init found" : "Requested init failed")\""
    }

    private func error(_ node: InitramfsNode, _ message: String) -> InitramfsFinding {
        InitramfsFinding(.error, at: node.offset, message)
    }

    /// - Parameter name: what the chain of programs calls it, for messages.
    private mutating func program(
        _ node: InitramfsNode, _ name: String, depth: Int
    ) -> [InitramfsFinding] {
        started.append(node.inode)
        if node.mode & 0o111 == 0 {
            let mode = "0" + String(node.mode, radix: 8)
            return [error(node, "`\(name)` is not executable, its mode is \(mode): \(ending)")]
        }
        if node.size == 0 { return [error(node, "`\(name)` is empty: \(ending)")] }
        if node.head.starts(with: "#!".utf8) { return script(node, name, depth) }
        if let elf = node.program ?? ELFProgram(node.head) { return binary(elf, node, name, depth) }
        return [
            error(node, "`\(name)` is neither an ELF program nor a script with `#!`: \(ending)")
        ]
    }

    private mutating func script(
        _ node: InitramfsNode, _ name: String, _ depth: Int
    ) -> [InitramfsFinding] {
        let line = node.head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        let blanks: Set<UInt8> = [0x20, 0x09]
        let word = Array(line.drop { blanks.contains($0) }.prefix { !blanks.contains($0) })
        if word.last == UInt8(ascii: "\r") {
            return [
                error(
                    node,
                    "`\(name)` has DOS line ends: the kernel looks for the interpreter "
                        + "`\(printable(word))`")
            ]
        }
        return interpreter(word, of: node, name, depth)
    }

    private mutating func binary(
        _ elf: ELFProgram, _ node: InitramfsNode, _ name: String, _ depth: Int
    ) -> [InitramfsFinding] {
        if let mismatch = target.mismatch(elf.machine) {
            return [error(node, "`\(name)` \(mismatch)")]
        }
        return elf.interpreter.map { interpreter($0, of: node, name, depth) } ?? []
    }

    private mutating func interpreter(
        _ path: [UInt8], of node: InitramfsNode, _ name: String, _ depth: Int
    ) -> [InitramfsFinding] {
        let text = printable(path)
        guard let found = index.resolve(path), found.type == .file else {
            return [
                error(
                    node,
                    "`\(name)` needs the interpreter `\(text)`, which is not in the "
                        + "initramfs: \(ending)")
            ]
        }
        if depth >= Self.maximumDepth {
            return [error(node, "`\(name)` is an interpreter of itself")]
        }
        return program(found, text, depth: depth + 1)
    }
}
