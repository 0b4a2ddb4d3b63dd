import SystemPackage

/// What depmod(8) wrote down (modules.dep(5)): `modules.dep`, `modules.softdep`, `modules.alias`.
///
/// Spares reading the modules, which matters where those are compressed.
struct DepmodIndex: Sendable {
    private let folder: FilePath
    private var infos: [String: ModuleInfo] = [:]

    /// - Returns: nil where depmod has not run.
    init?(folder: FilePath) {
        self.folder = folder
        guard let lines = Self.lines(folder.appending("modules.dep")) else { return nil }
        for line in lines {
            guard let colon = line.firstIndex(of: ":"),
                let name = Self.moduleName(line[..<colon])
            else { continue }
            var info = ModuleInfo()
            // All that is needed, direct or not, what is to be loaded first last.
            info.depends = line[line.index(after: colon)...].split(separator: " ")
                .compactMap(Self.moduleName).reversed()
            infos[name] = info
        }
        for line in Self.lines(folder.appending("modules.softdep")) ?? [] {
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3, words[0] == "softdep" else { continue }
            infos[KernelModuleFile.canonical(words[1])]?.add("softdep", String(words[2]))
        }
        if infos.isEmpty { return nil }
    }

    func info(of file: KernelModuleFile) -> ModuleInfo? { infos[file.name] }

    func aliases() -> [(pattern: String, module: String)] {
        (Self.lines(folder.appending("modules.alias")) ?? []).compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "alias" else { return nil }
            return (String(words[1]), KernelModuleFile.canonical(words[2]))
        }
    }

    private static func moduleName(_ path: Substring) -> String? {
        KernelModuleFile(path)?.name
    }

    private static func lines(_ file: FilePath) -> [Substring]? {
        guard let bytes = try? readSmallFile(file, limit: 16 << 20) else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
