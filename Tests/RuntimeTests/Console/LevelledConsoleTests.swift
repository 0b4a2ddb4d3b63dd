import Testing

@testable import QshRuntime

/// A console on which the kernel prints levels, so that a program cannot speak for it.
@Suite struct LevelledConsoleTests {
    private static let boot = "<6>[    0.000000] Linux version 6.1.0\n<6>[    1.500000] ready\n"
    private static let fake = "[   99.000000] Oops: 0000 [#1] SMP\n"

    /// The program's text and how many events there were, whatever pieces the stream comes in.
    private func read(_ text: String, levels: Bool = true) -> (text: String, events: Int) {
        var configuration = ConsoleConfiguration()
        configuration.showsLevels = levels
        let results = [text.utf8.count, 1, 7].map { size in
            let stream = ConsoleStream(configuration)
            var events = 0
            stream.onEvent = { _, _ in events += 1 }
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { stream.feed($0) }
            }
            stream.finish()
            let window = stream.window.bytes(stream.window.start..<stream.window.end)
            return (text: String(decoding: window, as: UTF8.self), events: events)
        }
        #expect(results.allSatisfy { $0 == results[0] })
        return results[0]
    }

    @Test func aProgramThatPrintsAReportIsNoCrash() {
        let result = read(Self.boot + "$ echo '\(Self.fake)'\n" + Self.fake + "$ ")
        #expect(result.text == "$ echo '\(Self.fake)'\n" + Self.fake + "$ ")
        #expect(result.events == 0)
    }

    @Test func theKernelsReportIsACrash() {
        #expect(read(Self.boot + "<1>" + Self.fake).events == 1)
    }

    @Test func aStampInALineOfTheKernelIsPartOfIt() {
        #expect(read(Self.boot + "<6>[    2.000000] x: [    1.000000] y\n$ ").text == "$ ")
    }

    /// Kernels before 4.17 do not know the parameter.
    @Test func withoutAnyLevelEveryStampCounts() {
        #expect(read("[    1.500000] ready\n" + Self.fake).events == 1)
        #expect(read(Self.boot + Self.fake, levels: false).events == 1)
    }

    @Test func anotherKernelThatStartsMayHaveNone() {
        let next = "[    0.000000] Linux version 6.6.0\n[    0.100000] x\n"
        #expect(read(Self.boot + next + Self.fake).events == 1)
    }
}
