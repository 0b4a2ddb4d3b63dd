import Testing

@testable import QshRuntime

@Suite struct EscapePrefixTests {
    @Test(arguments: [
        ("^]", 0x1d, "Ctrl-]"), ("^A", 1, "Ctrl-A"), ("^a", 1, "Ctrl-A"),
        ("\u{14}", 0x14, "Ctrl-T"), ("^\\", 0x1c, "Ctrl-\\"),
    ])
    func readsAControlKey(text: String, byte: UInt8, name: String) throws {
        let prefix = try EscapePrefix(text)

        #expect(prefix.byte == byte)
        #expect(prefix.name == name)
    }

    @Test(arguments: ["", "a", "^", "^é", "^AA", "Ctrl-A", "^M", "^J", "^[", "\n"])
    func refusesWhatNoFreeKeyTypes(text: String) {
        let error = #expect(throws: TerminalError.self) { try EscapePrefix(text) }

        #expect(
            error?.diagnostic.message == """
                option `escape` expects a control key such as "^]" or "^A", got "\(text)"
                """)
    }

    @Test func theStandardPrefixIsControlBracket() throws {
        #expect(try EscapePrefix("^]") == .standard)
    }
}

@Suite struct EscapeKeysTests {
    private static let cases: [(String, [EscapeKeys.Event])] = [
        ("ls\r", [.send(Array("ls\r".utf8))]),
        ("\u{3}\u{1a}", [.send([3, 26])]),
        ("\u{1d}.", [.leave]),
        ("\u{1d}q", [.leave]),
        ("ab\u{1d}.", [.send(Array("ab".utf8)), .leave]),
        ("a\u{1d}]b", [.send([0x61, 0x1d, 0x62])]),
        ("\u{1d}\u{1d}", [.send([0x1d])]),
        ("a\u{1d}bc", [.send([0x61]), .sendBreak, .send([0x63])]),
        ("\u{1d}w\u{1d}?", [.windowSize, .help]),
        ("\u{1d}zz", [.unknown(0x7a), .send([0x7a])]),
        ("\u{1d}", []),
    ]

    @Test(arguments: cases)
    func tellsKeysApartHoweverTheyArrive(input: String, events: [EscapeKeys.Event]) {
        var whole = EscapeKeys(prefix: .standard)
        var single = EscapeKeys(prefix: .standard)

        #expect(whole.receive(input.utf8) == events)
        #expect(joined(input.utf8.flatMap { single.receive([$0]) }) == events)
    }

    @Test func withoutAPrefixEverythingIsTheGuests() {
        var keys = EscapeKeys(prefix: nil)

        #expect(keys.receive([0x1d, 0x2e]) == [.send([0x1d, 0x2e])])
    }

    @Test func aLetterPrefixIsSentByItsLetter() throws {
        var keys = EscapeKeys(prefix: try EscapePrefix("^A"))

        #expect(keys.receive([1, UInt8(ascii: "a"), 1, 1]) == [.send([1, 1])])
    }

    private func joined(_ events: [EscapeKeys.Event]) -> [EscapeKeys.Event] {
        events.reduce(into: []) { result, event in
            if case .send(let more) = event, case .send(let sent) = result.last {
                result[result.count - 1] = .send(sent + more)
            } else {
                result.append(event)
            }
        }
    }
}

@Suite struct CursorReportsTests {
    @Test func countsQueriesAndAnswersInAnyPieces() {
        var reports = CursorReports()
        for byte in Array("[rootfs ]# \u{1b}[6n\u{1b}\u{1b}[6n\u{1b}[0m".utf8) {
            withUnsafeBytes(of: byte) { reports.noteOutput($0) }
        }
        #expect(reports.outstanding == 2)

        for byte in Array("R\u{1b}[24;12Rls R\u{1b}[A".utf8) {
            withUnsafeBytes(of: byte) { reports.noteInput($0) }
        }
        #expect(reports.outstanding == 1)
    }

    @Test func anAnswerThatNobodyAskedForIsNotCounted() {
        var reports = CursorReports()
        Array("\u{1b}[1;1R".utf8).withUnsafeBytes { reports.noteInput($0) }
        Array("\u{1b}[6n".utf8).withUnsafeBytes { reports.noteOutput($0) }

        #expect(reports.outstanding == 1)
    }
}
