extension InitramfsTree {
    /// Adds what depmod(8) would write for the modules of the image, so that busybox's modprobe
    /// finds them when the kernel asks for one.
    mutating func addModprobeTables(_ selection: ModuleSelection) throws {
        let folder = "/lib/modules/\(selection.release)"
        var dependencies = ""
        var aliases = ""
        for item in selection.chosen {
            guard let path = Self.inside(item, selection) else { continue }
            let needed = Self.needed(by: item, selection).compactMap {
                Self.inside($0, selection)
            }
            dependencies += ([path + ":"] + needed).joined(separator: " ") + "\n"
            for alias in item.info.aliases { aliases += "alias \(alias) \(item.file.name)\n" }
        }
        try addFile("\(folder)/modules.dep", text: dependencies)
        try addFile("\(folder)/modules.alias", text: aliases)
    }

    /// All that must be loaded before, what comes first last: modules.dep(5). Soft dependencies
    /// count too, since busybox's modprobe knows no others.
    private static func needed(
        by item: ModuleSelection.Chosen, _ selection: ModuleSelection
    ) -> [ModuleSelection.Chosen] {
        var found: [ModuleSelection.Chosen] = []
        var seen: Set<String> = [item.file.name]
        var pending = [item]
        while let next = pending.popLast() {
            for name in next.info.depends + next.info.softBefore {
                let canonical = KernelModuleFile.canonical(name)
                guard let other = selection.item(canonical) else { continue }
                // What several need moves behind them all.
                if !seen.insert(canonical).inserted {
                    guard let old = found.firstIndex(where: { $0.file.name == canonical }) else {
                        continue
                    }
                    found.append(found.remove(at: old))
                    continue
                }
                found.append(other)
                pending.append(other)
            }
        }
        return found
    }

    private static func inside(
        _ item: ModuleSelection.Chosen, _ selection: ModuleSelection
    ) -> String? {
        guard let path = try? place(of: item, selection) else { return nil }
        return path.display.split(separator: "/").dropFirst(3).joined(separator: "/")
    }
}
