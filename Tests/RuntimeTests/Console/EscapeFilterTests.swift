import Testing

@testable import QshRuntime

@Suite struct EscapeFilterTests {
    @Test(arguments: [
        ("plain\n", "plain\n"), ("a\r\nb", "a\nb"), ("a\r\r\nb", "a\nb"), ("50%\r100%\n", "50%\r100%\n"),
        ("\u{1B}c\u{1B}[?7l\u{1B}[2JSeaBIOS", "SeaBIOS"), ("# \u{1B}[6nls", "# ls"),
        ("\u{1B}[?2004h$ \u{1B}[?2004l\r\n", "$ \n"), ("\u{1B}]0;t\u{7}x", "x"),
        ("\u{1B}]8;;u\u{1B}\\x", "x"), ("\u{1B}(Bx", "x"), ("\u{1B}[31;1mred\u{1B}[0m", "red"),
        ("\u{1B}[3\u{1B}[1mx", "x"), ("\u{1B}]0;never ends\nx", "\nx"), ("\u{1B}[12\nx", "\nx"),
        ("\u{1B}Pq#0\u{1B}\\x", "x"), ("\r\u{1B}[K\n", "\n"), ("end\r", "end\r"), ("\u{1B}", ""),
        ("ü\u{1B}[0m€", "ü€"), ("a\0b", "a\0b"),
    ])
    func dropsWhatOnlyATerminalActsOn(text: String, expected: String) {
        let bytes = Array(text.utf8)
        #expect(String(decoding: bytes.withoutEscapes, as: UTF8.self) == expected)
        for place in 0...bytes.count {
            var window = ByteWindow(limit: 100)
            var filter = EscapeFilter()
            for piece in [bytes[..<place], bytes[place...]] {
                piece.withUnsafeBufferPointer { buffer in
                    guard let base = buffer.baseAddress else { return }
                    filter.feed(base, buffer.count, into: &window)
                }
            }
            filter.finish(into: &window)
            #expect(String(decoding: window.bytes(0..<window.end), as: UTF8.self) == expected)
        }
    }

    @Test func anUnterminatedStringDoesNotSwallowTheRest() {
        let text = "\u{1B}]0;" + String(repeating: "x", count: 10_000) + "# "

        #expect([UInt8](text.utf8).withoutEscapes.count > 5000)
    }

    @Test(arguments: [
        ("[    0.000000] x", 0, 15), ("[   12.345678] x", 12_345_678, 15),
        ("[123456.000001] x", 123_456_000_001, 16), ("[    1.000000][    T1] x", 1_000_000, 23),
        ("[    1.000000][   C12] x", 1_000_000, 23),
    ])
    func readsStamps(text: String, microseconds: Int64, length: Int) {
        let bytes = Array(text.utf8)
        for count in 1..<length { #expect(PrintkStamp.scan(bytes, count) == .partial) }
        guard case .stamp(let stamp) = PrintkStamp.scan(bytes, bytes.count) else {
            Issue.record("no stamp in \(text)")
            return
        }
        #expect(stamp.microseconds == microseconds)
        #expect(stamp.length == length)
    }

    @Test(arguments: [
        "[rootfs ]# ", "[ 12.345678] ", "[   12.34567] ", "[   12.345678]x", "[1.000000] x",
        "[    1.000000][  X1] ", "[ OK ] started", "[      1.000000] ", "[   12,345678] ", "[6n",
    ])
    func otherBracketsAreNoStamps(text: String) {
        let bytes = Array(text.utf8)
        #expect(PrintkStamp.scan(bytes, bytes.count) == .none)
    }

    @Test(arguments: [
        ("", 1), ("a\nb\n", 3), ("a\r\nb", 2), ("a\rb\rc", 3), ("\r\r\n", 3), ("a\r", 2),
    ])
    func countsLines(text: String, line: Int) {
        let bytes = Array((String(repeating: "0123456789\r\n", count: 30) + text).utf8)
        for place in stride(from: 0, through: bytes.count, by: 7) {
            var counter = LineCounter()
            counter.advance(bytes, place)
            bytes.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                counter.advance(base + place, bytes.count - place)
            }
            #expect(counter.line == 30 + line)
        }
    }
}
