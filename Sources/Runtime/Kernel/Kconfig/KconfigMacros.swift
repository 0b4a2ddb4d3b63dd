/// The preprocessor of the language (Documentation/kbuild/kconfig-macro-language.rst).
///
/// `$(shell,…)` is not run when it is met, as `conf` does: most of its hundreds of answers are
/// never needed. It leaves a mark with the command's number, which ``KconfigAnswers`` replaces.
struct KconfigMacros {
    private struct Variable {
        var value: [UInt8]
        /// `:=`, whose value was expanded when it was set.
        var isSimple: Bool
    }

    /// Bytes around a command's number; no text of a Kconfig file holds them.
    static let markStart: UInt8 = 1
    static let markEnd: UInt8 = 2

    private var variables: [String: Variable] = [:]
    private var numbers: [[UInt8]: Int] = [:]
    private let environment: [String: String]
    /// Commands, by the number in their marks. May hold marks themselves.
    private(set) var commands: [String] = []
    /// Where the text stands, for `$(filename)` and `$(lineno)`.
    var file = ""
    var line = 0

    init(environment: [String: String]) { self.environment = environment }

    /// `name = value`, `name := value` or `name += value`.
    mutating func set(_ name: String, _ assignment: KconfigToken.Assignment, to value: [UInt8]) {
        let old = variables[name]
        let isSimple = assignment == .append ? old?.isSimple ?? false : assignment == .simple
        var value = isSimple ? expand(value, [], depth: 0) : value
        if assignment == .append, let old { value = old.value + [0x20] + value }
        variables[name] = Variable(value: value, isSimple: isSimple)
    }

    /// Expands the reference that starts at `index`, which is a `$`.
    ///
    /// - Returns: the text that takes its place; `index` is behind it then.
    mutating func expandReference(in text: [UInt8], at index: inout Int) -> [UInt8] {
        expandReference(in: text, at: &index, [], depth: 0)
    }

    private mutating func expandReference(
        in text: [UInt8], at index: inout Int, _ arguments: [[UInt8]], depth: Int
    ) -> [UInt8] {
        let start = index + 2
        guard start <= text.count, text[index + 1] == UInt8(ascii: "("), depth < 100 else {
            index += 1
            return [UInt8(ascii: "$")]
        }
        var nesting = 0
        var end = start
        while end < text.count {
            if text[end] == UInt8(ascii: "(") { nesting += 1 }
            if text[end] == UInt8(ascii: ")") {
                if nesting == 0 { break }
                nesting -= 1
            }
            end += 1
        }
        index = min(end + 1, text.count)
        return clause(Array(text[start..<end]), arguments, depth: depth + 1)
    }

    private mutating func expand(_ text: [UInt8], _ arguments: [[UInt8]], depth: Int) -> [UInt8] {
        guard text.contains(UInt8(ascii: "$")) else { return text }
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "$"), index + 1 < text.count {
                result += expandReference(in: text, at: &index, arguments, depth: depth)
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    /// What stands between the brackets: an argument's number, a variable, a function.
    private mutating func clause(_ text: [UInt8], _ arguments: [[UInt8]], depth: Int) -> [UInt8] {
        if let number = Int(String(decoding: text, as: UTF8.self)), number > 0,
            number <= arguments.count
        {
            return arguments[number - 1]
        }
        let parts = Self.split(text)
        let name = String(decoding: expand(parts[0], arguments, depth: depth), as: UTF8.self)
        var inner: [[UInt8]] = []
        for part in parts.dropFirst() { inner.append(expand(part, arguments, depth: depth)) }
        if let variable = variables[name] {
            return variable.isSimple ? variable.value : expand(variable.value, inner, depth: depth)
        }
        switch name {
        case "shell": return inner.first.map { ask($0) } ?? []
        case "filename": return Array(file.utf8)
        case "lineno": return Array(String(line).utf8)
        case "error-if", "warning-if", "info": return []
        default: return inner.isEmpty ? environment[name].map { Array($0.utf8) } ?? [] : []
        }
    }

    private mutating func ask(_ command: [UInt8]) -> [UInt8] {
        let number = numbers[command] ?? commands.count
        if number == commands.count {
            numbers[command] = number
            commands.append(String(decoding: command, as: UTF8.self))
        }
        return [Self.markStart] + Array(String(number).utf8) + [Self.markEnd]
    }

    /// Splits at commas outside of brackets.
    private static func split(_ text: [UInt8]) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var nesting = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: ",") where nesting == 0:
                parts.append([])
                continue
            case UInt8(ascii: "("): nesting += 1
            case UInt8(ascii: ")"): nesting -= 1
            default: break
            }
            parts[parts.count - 1].append(byte)
        }
        return parts
    }
}

/// What the shell said to commands that Kconfig files ask.
struct KconfigAnswers: Sendable {
    /// By the command's number.
    var outputs: [Int: String] = [:]

    /// Whether a text waits for the shell.
    static func isPending(_ text: String) -> Bool { text.utf8.contains(KconfigMacros.markStart) }

    /// Puts the answers into a text; nil where one is missing.
    ///
    /// - Parameter missing: gets the numbers of the commands that were not asked.
    func complete(_ text: String, missing: inout Set<Int>) -> String? {
        guard Self.isPending(text) else { return text }
        var result: [UInt8] = []
        var isComplete = true
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == KconfigMacros.markStart else {
                result.append(byte)
                continue
            }
            let digits = rest.prefix { $0 != KconfigMacros.markEnd }
            rest = rest.dropFirst(digits.count + 1)
            guard let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            if let output = outputs[number] {
                result += Array(output.utf8)
            } else {
                missing.insert(number)
                isComplete = false
            }
        }
        return isComplete ? String(decoding: result, as: UTF8.self) : nil
    }
}
