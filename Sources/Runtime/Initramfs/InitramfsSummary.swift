/// What an image is for, in a few facts.
public struct InitramfsSummary: Sendable, Equatable {
    /// Kernel releases that it has modules for.
    public var releases: [String] = []
    /// Number of kernel modules, compressed ones included.
    public var modules = 0
    /// Their names without folders and endings, sorted.
    public var moduleNames: [String] = []
    /// Number of firmware files.
    public var firmware = 0
    /// What the kernel starts: `elf x86_64`, or a script's interpreter; nil where there is none.
    public var start: String?
    /// Who made it, from which hooks.
    public var maker: InitramfsMaker
    /// Bytes of all files, each hard-linked one counted once.
    public var fileBytes: UInt64 = 0
    /// Number of entries of each type in the tree.
    public var counts: [InitramfsNode.FileType: Int] = [:]

    /// Looks through what an image unpacks to.
    public init(_ image: InitramfsImage) {
        let index = InitramfsNodeIndex(image.tree)
        maker = InitramfsMaker(index, image.tree)
        var seen: Set<Int> = []
        var found: Set<String> = []
        for node in image.tree {
            counts[node.type, default: 0] += 1
            if let release = Self.release(node) { found.insert(release) }
            guard node.type == .file else { continue }
            if seen.insert(node.inode).inserted { fileBytes += node.size }
            if let name = Self.moduleName(node.path) {
                modules += 1
                moduleNames.append(name)
            }
            if Self.isFirmware(node.path) { firmware += 1 }
        }
        moduleNames.sort()
        releases = found.sorted()
        start = image.node("init").flatMap { Self.describe($0, in: image) }
    }

    private static func components(_ path: [UInt8]) -> [ArraySlice<UInt8>] {
        let parts = path.split(separator: UInt8(ascii: "/"))
        return parts.first?.elementsEqual("usr".utf8) == true ? Array(parts.dropFirst()) : parts
    }

    /// `lib/modules/RELEASE`, with or without `usr` in front.
    private static func release(_ node: InitramfsNode) -> String? {
        let parts = components(node.path)
        guard node.type == .directory, parts.count == 3, parts[0].elementsEqual("lib".utf8),
            parts[1].elementsEqual("modules".utf8)
        else { return nil }
        return printable(parts[2])
    }

    /// Nil for what is no module.
    private static func moduleName(_ path: [UInt8]) -> String? {
        let start = (path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
        let name = printable(path[start...])
        let ending = [".ko", ".ko.xz", ".ko.zst", ".ko.gz"].first { name.hasSuffix($0) }
        return ending.map { String(name.dropLast($0.utf8.count)) }
    }

    private static func isFirmware(_ path: [UInt8]) -> Bool {
        let parts = components(path)
        return parts.count > 2 && parts[0].elementsEqual("lib".utf8)
            && parts[1].elementsEqual("firmware".utf8)
    }

    private static func describe(_ node: InitramfsNode, in image: InitramfsImage) -> String? {
        switch node.type {
        case .symlink: return "symlink to " + printable(node.target)
        case .file:
            if node.head.starts(with: "#!".utf8) {
                let line = node.head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
                return "script for " + printable(line.drop { $0 == UInt8(ascii: " ") })
            }
            return ELFProgram(node.head).map { "elf " + $0.machine.machineName }
        default: return nil
        }
    }
}
