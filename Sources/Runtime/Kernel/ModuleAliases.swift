import Glibc
import SystemPackage

/// Which modules answer to which names; an alias is a pattern as in fnmatch(3).
struct ModuleAliases: Sendable {
    private var plain: [String: [String]] = [:]
    private var patterns: [Pattern] = []

    private struct Pattern: Sendable {
        /// What stands before the first wildcard: comparing that spares nearly all of fnmatch.
        var start: [UInt8]
        var pattern: String
        var module: String
    }

    mutating func add(_ alias: String, for module: String) {
        let pattern = KernelModuleFile.canonical(alias)
        if pattern.utf8.contains(where: { "*?[".utf8.contains($0) }) {
            let start = Array(pattern.utf8.prefix { !"*?[\\".utf8.contains($0) })
            patterns.append(Pattern(start: start, pattern: pattern, module: module))
        } else {
            plain[pattern, default: []].append(module)
        }
    }

    /// Adds those of `modules.builtin.modinfo`, whose texts are `module.key=value`.
    mutating func addBuiltins(from file: FilePath) {
        guard let bytes = try? readSmallFile(file, limit: 16 << 20) else { return }
        for text in bytes.split(separator: 0) {
            let line = String(decoding: text, as: UTF8.self)
            guard let mark = line.firstRange(of: ".alias=") else { continue }
            add(
                String(line[mark.upperBound...]),
                for: KernelModuleFile.canonical(line[..<mark.lowerBound]))
        }
    }

    /// The modules that answer to a name, sorted.
    func modules(for name: String) -> [String] {
        let name = KernelModuleFile.canonical(name)
        let bytes = Array(name.utf8)
        let matching = patterns.filter {
            bytes.starts(with: $0.start) && fnmatch($0.pattern, name, 0) == 0
        }.map(\.module)
        return Set((plain[name] ?? []) + matching).sorted()
    }
}
