/// Finds the nodes of an unpacked image by path, with symlinks followed as the kernel does.
struct InitramfsNodeIndex {
    private static let slash = UInt8(ascii: "/")
    /// As many as the kernel follows in one path.
    private static let maximumSymlinks = 40

    private let nodes: [[UInt8]: InitramfsNode]

    init(_ tree: [InitramfsNode]) {
        nodes = Dictionary(tree.map { ($0.path, $0) }) { first, _ in first }
    }

    /// The node of exactly this path, without a leading slash.
    subscript(path: [UInt8]) -> InitramfsNode? { nodes[path] }

    /// The node that a path leads to at run time; nil where there is none, and for the root.
    func resolve(_ path: some Collection<UInt8>) -> InitramfsNode? {
        place(of: path, followLast: true).flatMap { nodes[$0] }
    }

    /// The path at which `path` really lies: symlinks on the way followed, `.` and `..` taken out.
    ///
    /// What does not exist is taken for directories that are yet to be made.
    ///
    /// - Returns: empty for the root; nil for a loop, or where a part is no directory.
    func place(of path: some Collection<UInt8>, followLast: Bool) -> [UInt8]? {
        var pending = Array(path.split(separator: Self.slash).map { Array($0) }.reversed())
        var here: [[UInt8]] = []
        var symlinks = 0
        while let component = pending.popLast() {
            if component == [0x2E] { continue }
            if component == [0x2E, 0x2E] {
                _ = here.popLast()
                continue
            }
            here.append(component)
            guard let node = nodes[Array(here.joined(separator: [Self.slash]))] else { continue }
            switch node.type {
            case .directory: continue
            case .symlink where followLast || !pending.isEmpty:
                symlinks += 1
                if symlinks > Self.maximumSymlinks { return nil }
                here.removeLast()
                if node.target.first == Self.slash { here = [] }
                pending += node.target.split(separator: Self.slash).map { Array($0) }.reversed()
            default:
                if !pending.isEmpty { return nil }
            }
        }
        return Array(here.joined(separator: [Self.slash]))
    }
}
