import CLinux
import SystemPackage

/// A set of settings: a file, or one of those that qsh brings along (`scripts/config`).
public struct KernelFragment: Sendable, Equatable {
    /// A path, or the name of one of qsh's own.
    public let name: String
    /// Its settings.
    public let config: KernelConfig

    /// Reads a fragment: a path, or the name of one of qsh's own (`virtio`, `console`).
    public static func read(_ path: FilePath) throws(KernelConfigError) -> KernelFragment {
        let text = path.string
        if !text.contains("/"), !FileTree.isFile(path) {
            let wanted = text.hasSuffix(".config") ? String(text.dropLast(7)) : text
            if let own = ofQsh.first(where: { $0.name == wanted }) { return own }
            throw .noFragment(text, nearest(to: wanted, among: ofQsh.map(\.name)))
        }
        return KernelFragment(name: text, config: try KernelConfig.read(path))
    }

    /// What errors call it.
    var file: String { name.contains("/") || name.hasSuffix(".config") ? name : "\(name).config" }

    /// The fragments that are part of the program.
    public static let ofQsh: [KernelFragment] = {
        var fragments: [KernelFragment] = []
        var index: Int32 = 0
        var length = 0
        while let name = q_kernel_fragment_name(index),
            let text = q_kernel_fragment_text(index, &length)
        {
            let name = String(cString: name)
            let bytes = Array(UnsafeBufferPointer(start: text, count: length))
            if let config = try? KernelConfig(parsing: bytes, name: "\(name).config") {
                fragments.append(KernelFragment(name: name, config: config))
            }
            index += 1
        }
        return fragments
    }()

    /// As ``curing(_:)``; nil where one of the symbols is in none of them.
    static func curing(all names: [String]) -> [String]? {
        let isCured = names.allSatisfy { name in ofQsh.contains { $0.config.has(name) } }
        return isCured ? curing(names) : nil
    }

    /// The fewest of qsh's own fragments that turn these symbols on; those that none sets are left
    /// out.
    static func curing(_ names: [String]) -> [String] {
        var missing = Set(names)
        var chosen: [String] = []
        while !missing.isEmpty {
            let best = ofQsh.map { fragment in
                (fragment.name, missing.filter { fragment.config.has($0) })
            }.max { $0.1.count < $1.1.count }
            guard let best, !best.1.isEmpty else { break }
            chosen.append(best.0)
            missing.subtract(best.1)
        }
        return chosen.sorted()
    }
}
