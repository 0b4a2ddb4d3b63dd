import Testing

@testable import QshRuntime

@Suite struct LuaPatternTests {
    /// Runs a pattern on a complete subject as `string.find` does.
    private func find(_ subject: String, _ pattern: String) throws -> String {
        let found = try LuaPatternTests.find(Array(subject.utf8), Array(pattern.utf8))
        guard let found else { return "nil" }
        let captures = found.captures.map { capture in
            switch capture {
            case .text(let bytes): String(decoding: bytes, as: UTF8.self)
            case .position(let place): String(place)
            }
        }
        return ([found.range.lowerBound + 1, found.range.upperBound].map(String.init) + captures)
            .joined(separator: "|")
    }

    static func find(_ subject: [UInt8], _ pattern: [UInt8]) throws -> ProgramScan.Found? {
        var window = ByteWindow(limit: max(subject.count, 1))
        subject.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { window.append(base, buffer.count) }
        }
        var scan = ProgramScan(try .lua(pattern), from: 0)
        let result = scan.search(window, isFinal: true)
        if case .found(let found) = result { return found }
        return nil
    }

    /// What `lua5.4` prints for `table.concat({string.find(subject, pattern)}, "|")`.
    @Test(arguments: [
        ("hello world", "o w", "5|7"), ("hello", "l+", "3|4"), ("hello", "l-", "1|0"),
        ("key = value", "(%w+)%s*=%s*(%w+)", "1|11|key|value"), ("abc", "()b()", "2|2|2|3"),
        ("THE (quick) fox", "%((%a+)%)", "5|11|quick"), ("f(a(b)c)d", "%b()", "2|8"),
        ("THE (quick) fox", "%f[%a]%a+%f[%A]", "1|3"), ("x=1;", "^x", "1|1"), ("yx", "^x", "nil"),
        ("ab", "b$", "2|2"), ("abc", "b$", "nil"), ("a.b", "%.", "2|2"), ("a]b", "[]]", "2|2"),
        ("a-b", "[a%-]+", "1|2"), ("a^b", "[%^]", "2|2"), ("a^b", "[x^]", "2|2"),
        ("\"it\" 'x'", "([\"'])(.-)%1", "1|4|\"|it"), ("aaab", "a-b", "1|4"),
        ("abc", ".-$", "1|3"), ("a*", "a%*", "1|2"), ("a\n", "%c", "2|2"), ("", "^$", "1|0"),
        ("$5", "%$%d", "1|2"), ("a$b", "a$b", "1|3"), ("x^", "x^", "1|2"),
        ("0x1F", "0x(%x+)", "1|4|1F"), ("ab12", "%D+%d", "1|3"), ("()", "%(%)", "1|2"),
    ])
    func agreesWithLua(subject: String, pattern: String, expected: String) throws {
        #expect(try find(subject, pattern) == expected)
    }

    @Test func deepPatternsAreRefusedAndNotFatal() throws {
        let pattern = String(repeating: "a?", count: 2000) + "b"
        var window = ByteWindow(limit: 5000)
        for _ in 0..<3000 { window.append(UInt8(ascii: "a")) }
        var scan = ProgramScan(try .lua(pattern), from: 0)

        #expect(scan.search(window, isFinal: true) == .tooMuchWork)
    }

    @Test func workIsBounded() throws {
        var window = ByteWindow(limit: 200_000)
        for _ in 0..<1000 { window.append(UInt8(ascii: "a")) }
        var scan = ProgramScan(try .lua("a-a-a-a-a-b"), from: 0, budget: 1000)

        #expect(scan.search(window, isFinal: true) == .tooMuchWork)
    }

    /// Cases made at random and answered by `lua5.4` (`lua-patterns.lua` beside the fixture).
    @Test func agreesWithLuaOnRandomCases() throws {
        let text = String(decoding: try Fixture.bytes("lua-patterns.tsv"), as: UTF8.self)
        var cases = 0
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
                .map(String.init)
            let (subject, pattern, expected) = (fields[0], fields[1], fields[2])
            let answer = (try? find(subject, pattern)) ?? "error"
            #expect(answer == expected, "\(pattern) on \(subject)")
            cases += 1
        }
        #expect(cases == 3000)
    }
}
