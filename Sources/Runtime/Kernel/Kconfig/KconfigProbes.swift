import SystemPackage

extension KconfigAnswers {
    /// Answers that a configuration gives away: `def_bool $(cc-option,…)` was written into it.
    static func inferred(from config: KernelConfig, _ tree: KconfigTree) -> KconfigAnswers {
        var answers = KconfigAnswers()
        for symbol in tree.symbols where symbol.kind == .bool && symbol.defaults.count == 1 {
            let only = symbol.defaults[0]
            guard case .operand(.pending(let text)) = only.value,
                let number = soleMark(in: text), symbol.selectedBy.isEmpty
            else { continue }
            if config[symbol.name] == .yes {
                answers.outputs[number] = "y"
            } else if only.condition == nil, symbol.definitions.count == 1,
                tree.conditions(of: only.definition).isEmpty
            {
                answers.outputs[number] = "n"
            }
        }
        return answers
    }

    private static func soleMark(in text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.first == KconfigMacros.markStart, bytes.last == KconfigMacros.markEnd else {
            return nil
        }
        return Int(String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self))
    }

    /// Runs commands of Kconfig files, as `conf` runs them, and keeps what they print.
    ///
    /// - Parameters:
    ///   - numbers: positions in ``KconfigTree/commands``.
    ///   - environment: what make exports: `CC`, `LD`, `srctree`.
    @LoopActor
    mutating func ask(
        _ numbers: Set<Int>, of tree: KconfigTree, environment: [String: String],
        until deadline: Deadline
    ) async throws {
        let scratch = try TemporaryDirectory(prefix: "qsh-kconfig")
        for number in numbers.sorted() where outputs[number] == nil {
            try await ask(number, of: tree, environment, in: scratch.path, deadline)
        }
    }

    @LoopActor
    private mutating func ask(
        _ number: Int, of tree: KconfigTree, _ environment: [String: String],
        in folder: FilePath, _ deadline: Deadline
    ) async throws {
        var missing: Set<Int> = []
        if complete(tree.commands[number], missing: &missing) == nil {
            // An inner command has a smaller number than the one around it, so this ends.
            for inner in missing.sorted() where inner < number {
                try await ask(inner, of: tree, environment, in: folder, deadline)
            }
        }
        guard let command = complete(tree.commands[number], missing: &missing) else { return }
        let result = try await CommandRunner.run(
            Command(
                ["sh", "-c", command], environment: environment.mapValues { $0 },
                workingDirectory: folder),
            outputLimit: 4095, until: deadline)
        outputs[number] = result.outputText.replacing("\n", with: " ")
    }
}
