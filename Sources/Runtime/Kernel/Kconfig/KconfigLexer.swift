/// One word or sign of a Kconfig file.
enum KconfigToken: Equatable {
    enum Sign: Equatable {
        case or, and, not, open, close
        case compare(KconfigExpression.Comparison)
    }

    enum Assignment: Equatable { case recursive, simple, append }

    /// A bare word: a keyword, a symbol, a number.
    case word(String)
    case quoted(String)
    case sign(Sign)
}

/// One statement's line, lines that end in a backslash joined.
struct KconfigLine {
    /// From 1.
    var number: Int
    var tokens: [KconfigToken]
    /// `NAME = value`: what is assigned, not yet expanded.
    var assignment: (KconfigToken.Assignment, [UInt8])?
}

/// Cuts a Kconfig file into lines of tokens, as scripts/kconfig/lexer.l does.
struct KconfigLexer {
    private let bytes: [UInt8]
    private var index = 0
    private var number = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next line with anything in it; nil at the end of the file.
    mutating func next(_ macros: inout KconfigMacros) -> KconfigLine? {
        while index < bytes.count {
            let line = rawLine()
            macros.line = number
            var scanner = TokenScanner(line)
            let tokens = scanner.tokens(&macros)
            if tokens.isEmpty { continue }
            return KconfigLine(
                number: number, tokens: tokens, assignment: scanner.assignment)
        }
        return nil
    }

    /// Steps over a help text: everything that is indented as far as its first line, or empty.
    mutating func skipHelp() {
        var first: Int?
        while index < bytes.count {
            var column = 0
            var end = index
            while end < bytes.count {
                if bytes[end] == 0x20 {
                    column += 1
                } else if bytes[end] == 0x09 {
                    column = (column & ~7) + 8
                } else {
                    break
                }
                end += 1
            }
            let isEmpty = end == bytes.count || bytes[end] == 0x0a
            if !isEmpty {
                if column == 0 || column < first ?? 0 { return }
                first = first ?? column
            }
            index = lineEnd(from: end)
            number += 1
        }
    }

    private func lineEnd(from start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end] != 0x0a { end += 1 }
        return end + 1
    }

    private var continued = 0

    private mutating func rawLine() -> [UInt8] {
        number += 1 + continued
        continued = 0
        var line: [UInt8] = []
        while true {
            let end = min(lineEnd(from: index), bytes.count + 1)
            let piece = bytes[index..<min(end - 1, bytes.count)]
            index = min(end, bytes.count)
            if piece.last == UInt8(ascii: "\\"), index < bytes.count {
                line += piece.dropLast()
                continued += 1
            } else {
                line += piece
                return line
            }
        }
    }
}

/// Cuts one line.
private struct TokenScanner {
    private var line: [UInt8]
    private var index = 0
    private(set) var assignment: (KconfigToken.Assignment, [UInt8])?

    init(_ line: [UInt8]) { self.line = line }

    mutating func tokens(_ macros: inout KconfigMacros) -> [KconfigToken] {
        var tokens: [KconfigToken] = []
        while index < line.count {
            let byte = line[index]
            switch byte {
            case 0x20, 0x09, 0x0d: index += 1
            case UInt8(ascii: "#"): return tokens
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                index += 1
                tokens.append(.quoted(text(until: byte, &macros)))
            case _ where isWord(byte) || byte == UInt8(ascii: "$"):
                let word = word(&macros)
                if word.isEmpty { continue }
                tokens.append(.word(word))
                if tokens.count == 1, readAssignment() { return tokens }
            default:
                if let sign = sign() { tokens.append(.sign(sign)) }
            }
        }
        return tokens
    }

    private mutating func word(_ macros: inout KconfigMacros) -> String {
        let start = index
        while index < line.count, isWord(line[index]) { index += 1 }
        guard index < line.count, line[index] == UInt8(ascii: "$") else {
            return String(decoding: line[start..<index], as: UTF8.self)
        }
        var result = Array(line[start..<index])
        while index < line.count {
            if line[index] == UInt8(ascii: "$") {
                if index + 1 == line.count { break }
                result += macros.expandReference(in: line, at: &index)
            } else if isWord(line[index]) {
                result.append(line[index])
                index += 1
            } else {
                break
            }
        }
        if index < line.count, line[index] == UInt8(ascii: "$") { index += 1 }
        return String(decoding: result, as: UTF8.self)
    }

    private mutating func text(until quote: UInt8, _ macros: inout KconfigMacros) -> String {
        var result: [UInt8] = []
        while index < line.count {
            let byte = line[index]
            if byte == quote {
                index += 1
                break
            }
            if byte == UInt8(ascii: "$"), index + 1 < line.count {
                result += macros.expandReference(in: line, at: &index)
                continue
            }
            if byte == UInt8(ascii: "\\") { index += 1 }
            if index < line.count { result.append(line[index]) }
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `NAME = value` takes the rest of the line as it is.
    private mutating func readAssignment() -> Bool {
        var next = index
        while next < line.count, line[next] == 0x20 || line[next] == 0x09 { next += 1 }
        let kind: KconfigToken.Assignment
        let rest = line[next...]
        if rest.first == UInt8(ascii: "=") {
            kind = .recursive
            next += 1
        } else if rest.starts(with: ":=".utf8) {
            kind = .simple
            next += 2
        } else if rest.starts(with: "+=".utf8) {
            kind = .append
            next += 2
        } else {
            return false
        }
        while next < line.count, line[next] == 0x20 || line[next] == 0x09 { next += 1 }
        assignment = (kind, Array(line[next...]))
        return true
    }

    private mutating func sign() -> KconfigToken.Sign? {
        let first = line[index]
        let second = index + 1 < line.count ? line[index + 1] : 0
        index += 1
        switch (first, second) {
        case (UInt8(ascii: "|"), first): return wide(.or)
        case (UInt8(ascii: "&"), first): return wide(.and)
        case (UInt8(ascii: "!"), UInt8(ascii: "=")): return wide(.compare(.unequal))
        case (UInt8(ascii: "<"), UInt8(ascii: "=")): return wide(.compare(.lessOrEqual))
        case (UInt8(ascii: ">"), UInt8(ascii: "=")): return wide(.compare(.greaterOrEqual))
        case (UInt8(ascii: "="), _): return .compare(.equal)
        case (UInt8(ascii: "<"), _): return .compare(.less)
        case (UInt8(ascii: ">"), _): return .compare(.greater)
        case (UInt8(ascii: "!"), _): return .not
        case (UInt8(ascii: "("), _): return .open
        case (UInt8(ascii: ")"), _): return .close
        // Any other sign is ignored with a warning there.
        default: return nil
        }
    }

    private mutating func wide(_ sign: KconfigToken.Sign) -> KconfigToken.Sign {
        index += 1
        return sign
    }

    private func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x61 && byte <= 0x7a || byte >= 0x41 && byte <= 0x5a
            || byte >= 0x30 && byte <= 0x39 || byte == 0x5f || byte == 0x2d
    }
}
