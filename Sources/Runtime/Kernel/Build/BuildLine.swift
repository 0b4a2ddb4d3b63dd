/// One line that make or a compiler printed, for what it tells.
enum BuildLine: Equatable {
    /// `  CC [M]  mm/slub.o`: a step has begun.
    case step(verb: String, target: String)
    case warning(BuildRemark)
    case error(BuildRemark)
    /// `make[2]: *** [scripts/Makefile.build:250: mm/slub.o] Error 1`
    case makeError(target: String)
    case other

    init(_ line: String) {
        if let step = Self.step(line) {
            self = step
        } else if let target = Self.makeError(line) {
            self = .makeError(target: target)
        } else if let error = Self.error(line) {
            self = .error(error)
        } else if let warning = Self.warning(line) {
            self = .warning(warning)
        } else {
            self = .other
        }
    }

    /// kbuild's short form: two blanks, a word of capitals, maybe `[M]`, one name.
    private static func step(_ line: String) -> BuildLine? {
        guard line.utf8.prefix(3).elementsEqual("  ".utf8) == false, line.hasPrefix("  ") else {
            return nil
        }
        var words = line.split(separator: " ")
        guard words.count >= 2, let verb = words.first, isVerb(verb) else { return nil }
        words.removeFirst()
        if words.count == 2, words[0].hasPrefix("[") { words.removeFirst() }
        guard words.count == 1 else { return nil }
        return .step(verb: String(verb), target: String(words[0]))
    }

    private static func isVerb(_ word: Substring) -> Bool {
        word.utf8.allSatisfy {
            (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f || $0 == 0x2b
        } && word.utf8.first.map { $0 >= 0x41 } == true
    }

    private static func makeError(_ line: String) -> String? {
        guard line.hasPrefix("make"), let mark = line.firstRange(of: ": *** ["),
            let end = line.lastIndex(of: "]")
        else { return nil }
        let inner = line[mark.upperBound..<end]
        // `Makefile:250: mm/slub.o`, and without the place before make 4.
        return inner.firstRange(of: ": ").map { String(inner[$0.upperBound...]) } ?? String(inner)
    }

    private static func error(_ line: String) -> BuildRemark? {
        for mark in [": fatal error: ", ": error: ", ": Error: ", ": internal compiler error: "] {
            if let remark = BuildRemark(line, mark: mark) { return remark }
        }
        for mark in ["undefined reference to ", "multiple definition of ", "undefined symbol: "] {
            if line.contains(mark) { return BuildRemark(linker: line) }
        }
        if line.hasPrefix("ERROR: modpost:") || line.hasPrefix("ERROR: Kernel configuration") {
            return BuildRemark(text: String(line.dropFirst("ERROR: ".count)))
        }
        if let mark = line.firstRange(of: ": *** "), line.contains("Stop.") {
            return BuildRemark(place: line[..<mark.lowerBound], text: line[mark.upperBound...])
        }
        // `/bin/sh: 1: bc: not found`
        if line.hasSuffix(": not found") || line.hasSuffix(": command not found"),
            line.hasPrefix("/bin/") || line.hasPrefix("sh: ")
        {
            return BuildRemark(text: line)
        }
        if line.contains("No space left on device") { return BuildRemark(text: line) }
        return nil
    }

    private static func warning(_ line: String) -> BuildRemark? {
        if let remark = BuildRemark(line, mark: ": warning: ") { return remark }
        guard line.hasPrefix("WARNING: ") || line.hasPrefix("warning: ") else { return nil }
        return BuildRemark(text: String(line.dropFirst("WARNING: ".count)))
    }
}

/// What a compiler, the linker or make has to say about a place.
public struct BuildRemark: Sendable, Equatable {
    /// Relative to the source tree; nil where the remark is about no file.
    public var file: String?
    /// From 1.
    public var line: Int?
    /// What is said, without the place.
    public var text: String

    init(text: String) { self.text = text }

    /// `init/main.c:12:3: error: text`
    fileprivate init?(_ line: String, mark: String) {
        guard let range = line.firstRange(of: mark) else { return nil }
        self.init(place: line[..<range.lowerBound], text: line[range.upperBound...])
    }

    /// `ld: init/main.o: in function `f': main.c:(.text+0x1): undefined reference to `g'`
    fileprivate init(linker line: String) {
        let parts = line.split(separator: ": ")
        let text = parts.last.map(String.init) ?? line
        self.init(text: text)
        let place = parts.dropLast().last { $0.contains(".c:") || $0.contains(".o") }
        file = place.map { String($0.prefix { $0 != ":" }) }
    }

    /// The place is `file`, `file:line` or `file:line:column`.
    fileprivate init(place: Substring, text: some StringProtocol) {
        let parts = place.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.dropFirst().prefix { Int($0) != nil }
        self.init(text: String(text))
        if parts.first?.contains(" ") == false { file = parts.first.map(String.init) }
        self.line = numbers.first.flatMap { Int($0) }
    }

    /// `init/main.c:12: text`
    public var displayed: String {
        guard let file else { return text }
        return "\(file):\(line.map { "\($0):" } ?? "") \(text)"
    }
}
