import LuaBridge
import QshRuntime

/// What TAB does: names, methods, options of a call, values of an option, machines, files.
@LoopActor
struct Completer {
    private let interaction: Interaction
    private let reference = APIReference.shared

    init(_ interaction: Interaction) { self.interaction = interaction }

    private struct Candidate {
        var text: String
        /// Goes in behind a name that is the only one.
        var ending = ""
    }

    /// What goes on from `text`, which ends at the cursor.
    func completion(of text: String) -> LineCompletion? {
        if PromptCommand.isOne(text) { return command(text) }
        let bytes = Array(text.utf8)
        let tokens = LuaTokens(bytes)
        let call = CallInProgress(tokens.all)
        if let start = tokens.openString {
            let begun = String(decoding: bytes[(start + 1)...], as: UTF8.self)
            return string(begun, quote: bytes[start], call)
        }
        if let call, let options = options(of: call) {
            if let key = call.valueOf, let field = options.first(where: { $0.name == key }) {
                let values = APIReference.literals(in: field.type).map {
                    Candidate(text: "\"\($0)\"")
                }
                if call.begun.isEmpty, !values.isEmpty { return completion("", values) }
            } else if call.valueOf == nil {
                let names = options.filter {
                    $0.name.hasPrefix(call.begun) && !call.given.contains($0.name)
                }
                if !names.isEmpty {
                    return completion(
                        call.begun, names.map { Candidate(text: $0.name, ending: " = ") })
                }
            }
        }
        let found = interaction.candidates(after: text)
        guard !text.isEmpty, text.last?.isWhitespace != true || !found.begun.isEmpty else {
            return nil
        }
        return completion(
            found.begun,
            found.names.map {
                Candidate(text: $0.name, ending: $0.type == "function" ? "(" : "")
            })
    }

    private func completion(_ begun: String, _ candidates: [Candidate]) -> LineCompletion? {
        guard let first = candidates.first else { return nil }
        var common = first.text.utf8.count
        for other in candidates.dropFirst() {
            let same = zip(first.text.utf8, other.text.utf8).prefix { $0 == $1 }
            common = min(common, same.count)
        }
        var completion = LineCompletion()
        completion.insertion = String(
            decoding: Array(first.text.utf8.prefix(common)).dropFirst(begun.utf8.count),
            as: UTF8.self)
        if candidates.count == 1 {
            completion.insertion += first.ending
        } else if completion.insertion.isEmpty {
            completion.candidates = candidates.map {
                $0.ending == "(" ? $0.text + "(" : $0.text
            }
        }
        return completion
    }

    // MARK: options

    private func options(of call: CallInProgress) -> [APIReference.Field]? {
        guard let function = function(at: call.function), var type = reference.options(of: function)
        else { return nil }
        for key in call.path {
            guard let field = reference.fields(of: type.name).first(where: { $0.name == key }),
                let inner = reference.classes(in: field.type).first(where: { !$0.fields.isEmpty })
            else { return nil }
            type = inner
        }
        return reference.fields(of: type.name)
    }

    /// By its name in the API, or by what the name stands for here.
    private func function(at path: String) -> APIReference.Function? {
        if let found = known(path) { return found }
        return interaction.resolve(path).name.flatMap { known($0) }
    }

    private func known(_ path: String) -> APIReference.Function? {
        if let found = reference.function(at: path) { return found }
        guard let range = path.firstRange(of: "try_") else { return nil }
        let plain = String(path[..<range.lowerBound] + path[range.upperBound...])
        return reference.function(at: plain)
    }

    // MARK: strings

    private func string(
        _ begun: String, quote: UInt8, _ call: CallInProgress?
    ) -> LineCompletion? {
        let end = String(Unicode.Scalar(quote))
        if let call, let key = call.valueOf, let options = options(of: call),
            let field = options.first(where: { $0.name == key })
        {
            let values = APIReference.literals(in: field.type).filter { $0.hasPrefix(begun) }
            if !values.isEmpty {
                return completion(begun, values.map { Candidate(text: $0, ending: end) })
            }
        }
        let machines = PromptOutput.shared.names.filter { $0.hasPrefix(begun) }
        if !machines.isEmpty, !begun.contains("/") {
            return completion(begun, machines.map { Candidate(text: $0, ending: end) })
        }
        return path(begun, ending: end)
    }

    private func path(_ begun: String, ending: String) -> LineCompletion? {
        let found = PathCompletion.names(after: begun)
        return completion(
            found.begun,
            found.names.map { Candidate(text: $0, ending: $0.hasSuffix("/") ? "" : ending) })
    }

    // MARK: the prompt's own commands

    private func command(_ text: String) -> LineCompletion? {
        if text.hasPrefix("?") {
            let begun = String(text.drop { $0 == "?" || $0 == " " })
            let names = reference.names.filter { $0.hasPrefix(begun) }
            if !names.isEmpty, !begun.isEmpty {
                return completion(begun, names.map { Candidate(text: $0) })
            }
            let found = interaction.candidates(after: begun)
            return completion(found.begun, found.names.map { Candidate(text: $0.name) })
        }
        let words = text.dropFirst().split(
            separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let name = words.first.map(String.init) ?? ""
        guard words.count > 1 else {
            let names = PromptCommand.names.filter { $0.hasPrefix(name) }
            return completion(name, names.map { Candidate(text: $0, ending: " ") })
        }
        let argument = String(words[1])
        switch name {
        case "save", "save!": return path(argument, ending: "")
        case "quiet", "loud":
            let names = PromptOutput.shared.names.filter { $0.hasPrefix(argument) }
            return completion(argument, names.map { Candidate(text: $0) })
        default: return nil
        }
    }
}
