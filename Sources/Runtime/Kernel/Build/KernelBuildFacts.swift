import Glibc
import SystemPackage

/// `build.json` of an entry: what it is, and how to see that it is still whole.
struct KernelBuildFacts {
    let request: KernelBuildRequest
    let plan: KernelBuildPlan
    let source: FilePath
    let release: String
    let warnings: [BuildRemark]
    /// Whether the source changed meanwhile, so that the entry answers for nothing.
    let isStale: Bool

    func write(to entry: FilePath) throws(KernelBuildError) {
        var facts: [String: JSONValue] = [
            "release": .string(release), "source": .string(source.string),
            "arch": .string(request.toolchain.arch.name),
            "warnings": .array(warnings.map(Self.json)),
            "key": .object(
                Dictionary(plan.key.parts.map { ($0.name, .string($0.value)) }) { $1 }),
            "stale": .bool(isStale),
        ]
        var sizes: [String: JSONValue] = [:]
        for name in ["vmlinux", "System.map", ".config", request.imagePath].compactMap(\.self) {
            var status = stat()
            let path = entry.appending(FilePath(name).components)
            if stat(path.string, &status) == 0 { sizes[name] = .integer(Int64(status.st_size)) }
        }
        facts["sizes"] = .object(sizes)
        if let image = request.imagePath { facts["image"] = .string(image) }
        do {
            try AtomicFile.write(
                JSONValue.object(facts).bytes, to: entry.appending("build.json"))
        } catch {
            throw .staging(entry, error)
        }
    }

    private static func json(_ remark: BuildRemark) -> JSONValue {
        var members: [String: JSONValue] = ["text": .string(remark.text)]
        if let file = remark.file { members["file"] = .string(file) }
        if let line = remark.line { members["line"] = .integer(Int64(line)) }
        return .object(members)
    }
}
