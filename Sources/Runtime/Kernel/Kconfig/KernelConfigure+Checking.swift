import SystemPackage

extension KernelConfigure {
    /// Compares a finished configuration with what was asked for.
    ///
    /// - Throws: ``KernelConfigUnmet`` with the reasons, and with a cure that was tried.
    @LoopActor
    func check(
        _ contract: KernelConfigContract, _ final: KernelConfig, _ deadline: Deadline
    ) async throws {
        let broken = contract.broken(in: final)
        if broken.isEmpty { return }
        let tree = try await kconfig()
        let answers = try await answers(for: broken.map(\.name), final, tree, deadline)
        let explanation = KconfigExplanation(
            KconfigEvaluation(tree, final, answers: answers), arches: arches)
        let symbols = broken.map { name, wanted, got in
            KernelConfigUnmet.Symbol(
                name: name, wanted: wanted, got: got,
                reason: explanation.reason(name, wanted: wanted.value))
        }
        var unmet = KernelConfigUnmet(
            subject: "configuration", symbols: symbols, asked: contract.count)
        let isRequired = symbols.allSatisfy(\.wanted.origin.isRequirement)
        unmet.fragments = isRequired ? KernelFragment.curing(all: broken.map(\.name)) ?? [] : []
        if !unmet.fragments.isEmpty { throw unmet }
        unmet.cure = try await cure(contract, final, tree, answers, deadline)
        throw unmet
    }

    /// What is worth saying although every setting held: names that no Kconfig file knows.
    @LoopActor
    func notes(_ contract: KernelConfigContract, _ final: KernelConfig) async throws -> [String] {
        let silent = contract.silentlyOff(in: final)
        if silent.isEmpty { return [] }
        let tree = try await kconfig()
        return silent.filter { tree.symbol($0) == nil }.map { name in
            let guess = nearest(to: name, among: tree.definedNames)
            return "`\(name)` is off as asked, but no Kconfig file knows it"
                + (guess.map { "; did you mean `\($0)`?" } ?? "")
        }
    }

    /// Reads the Kconfig files of the tree.
    @LoopActor
    func kconfig() async throws -> KconfigTree {
        let (root, environment) = (tree.string, macroEnvironment)
        return try await WorkerThread.run { _ in
            KconfigParser.parse(root, environment: environment)
        }
    }

    /// What make exports to `conf`, as far as Kconfig files read it.
    var macroEnvironment: [String: String] {
        let words = make.reduce(into: [String: String]()) { words, word in
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { words[String(parts[0])] = String(parts[1]) }
        }
        let cross = words["CROSS_COMPILE"] ?? ""
        let llvm = words["LLVM"].map { $0 == "1" ? "" : $0 }
        let suffix = llvm?.hasPrefix("-") ?? false ? llvm ?? "" : ""
        let usesLLVM = llvm != nil
        var environment = [
            "ARCH": arch.kernel.arch, "SRCARCH": arch.kernel.sourceFolder,
            "CC": usesLLVM ? "clang\(suffix)" : "\(cross)gcc",
            "LD": usesLLVM ? "ld.lld\(suffix)" : "\(cross)ld",
            "AR": usesLLVM ? "llvm-ar\(suffix)" : "\(cross)ar",
            "NM": usesLLVM ? "llvm-nm\(suffix)" : "\(cross)nm",
            "OBJCOPY": usesLLVM ? "llvm-objcopy\(suffix)" : "\(cross)objcopy",
            "RUSTC": "rustc", "BINDGEN": "bindgen", "PAHOLE": "pahole", "CONFIG_SHELL": "sh",
            "objtree": out.string, "srctree": tree.string,
        ]
        environment.merge(words) { $1 }
        return environment
    }

    /// Architectures other than this one that define a symbol.
    private func arches(_ name: String) -> [String] {
        let folder = tree.appending("arch")
        return FileTree.names(in: folder).filter { arch in
            arch != self.arch.kernel.sourceFolder && FileTree.isFolder(folder.appending(arch))
                && defines(name, below: folder.appending(arch), depth: 0)
        }
    }

    private func defines(_ name: String, below folder: FilePath, depth: Int) -> Bool {
        for entry in FileTree.entries(of: folder.string) {
            if entry.isFolder, depth < 2, entry.name != "boot", entry.name != "include" {
                if defines(name, below: folder.appending(entry.name), depth: depth + 1) {
                    return true
                }
            }
            guard entry.name.hasPrefix("Kconfig"),
                let bytes = KconfigFile.contents(folder.appending(entry.name).string)
            else { continue }
            let found = bytes.split(separator: 0x0a).contains { line in
                line.elementsEqual("config \(name)".utf8)
                    || line.elementsEqual("menuconfig \(name)".utf8)
            }
            if found { return true }
        }
        return false
    }

    /// Asks the compiler what the conditions of some symbols hang on.
    @LoopActor
    private func answers(
        for names: [String], _ config: KernelConfig, _ tree: KconfigTree, _ deadline: Deadline
    ) async throws -> KconfigAnswers {
        var answers = KconfigAnswers.inferred(from: config, tree)
        // An answer can bring another condition to light; three rounds are more than any needs.
        for _ in 0..<3 {
            let evaluation = KconfigEvaluation(tree, config, answers: answers)
            for position in names.compactMap({ tree.position(of: $0) }) {
                _ = evaluation.visibility(of: position)
                _ = evaluation.dependency(of: position)
            }
            if evaluation.missing.isEmpty { break }
            try await answers.ask(
                evaluation.missing, of: tree, environment: macroEnvironment, until: deadline)
        }
        return answers
    }
}

// MARK: the cure

extension KernelConfigure {
    /// Looks for settings to add, and tries them with `conf`.
    @LoopActor
    private func cure(
        _ contract: KernelConfigContract, _ final: KernelConfig, _ tree: KconfigTree,
        _ answers: KconfigAnswers, _ deadline: Deadline
    ) async throws -> KernelConfigUnmet.Cure? {
        let before = contract.broken(in: final).map(\.name)
        var settings: [String: KernelConfig.Value] = [:]
        var now = final
        for _ in 0..<4 {
            let evaluation = KconfigEvaluation(tree, now, answers: answers)
            let added = plan(contract, now, evaluation).filter { settings[$0.key] != $0.value }
            if added.isEmpty { break }
            settings.merge(added) { $1 }
            try await finish(contract.applied(to: final, adding: settings), until: deadline)
            now = try KernelConfig.read(path)
            if contract.broken(in: now).isEmpty { break }
        }
        // What conf took back was of no use.
        settings = settings.filter { $0.value.isKept(as: now[$0.key]) }
        if settings.isEmpty { return nil }
        let explanation = KconfigExplanation(
            KconfigEvaluation(tree, now, answers: answers), arches: arches)
        let left = contract.broken(in: now).map { name, wanted, got in
            KernelConfigUnmet.Symbol(
                name: name, wanted: wanted, got: got,
                reason: explanation.reason(name, wanted: wanted.value))
        }
        let isNearer = left.count < before.count || left.contains { !before.contains($0.name) }
        let isFirstStep = left.contains { left in
            if case .clamped = left.reason { true } else { false }
        }
        return isNearer || isFirstStep ? .init(settings: settings, leaves: left) : nil
    }

    /// Settings that the search finds.
    private func plan(
        _ contract: KernelConfigContract, _ now: KernelConfig, _ evaluation: KconfigEvaluation
    ) -> [String: KernelConfig.Value] {
        let tree = evaluation.tree
        let explanation = KconfigExplanation(evaluation)
        var plan: KconfigCure.Plan = [:]
        for (name, wanted, _) in contract.broken(in: now) {
            guard explanation.reason(name, wanted: wanted.value).hasCure,
                let position = tree.position(of: name)
            else { continue }
            var cure = KconfigCure(evaluation, fixed: fixed(contract, tree))
            if let next = cure.plan(position, wanted.value, from: plan) { plan = next }
        }
        var settings: [String: KernelConfig.Value] = [:]
        for (position, value) in plan {
            let name = tree.symbols[position].name
            let setting: KernelConfig.Value =
                value == .yes ? .yes : value == .module ? .module : .no
            if contract.settings[name]?.value != setting { settings[name] = setting }
        }
        return settings
    }

    private func fixed(_ contract: KernelConfigContract, _ tree: KconfigTree) -> KconfigCure.Plan {
        var fixed: KconfigCure.Plan = [:]
        for (name, setting) in contract.settings {
            guard let position = tree.position(of: name) else { continue }
            switch setting.value {
            case .yes: fixed[position] = .yes
            case .module: fixed[position] = .module
            case .no: fixed[position] = .no
            case .number, .string: break
            }
        }
        return fixed
    }
}
