import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct QMPClientTests {
    init() { TestLoop.start() }

    private static let greeting =
        #"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "#
        + #""capabilities": ["oob"]}}"# + "\r\n"

    /// A client and the socket on which the test plays QEMU.
    @LoopActor private func connect() throws -> (client: QMPClient, qemu: FakeQEMU) {
        let (channel, peer) = try ByteChannel.pair()
        return (QMPClient(channel), FakeQEMU(ByteChannel(descriptor: peer)))
    }

    @Test @LoopActor func handshakeReadsTheVersion() async throws {
        let (client, qemu) = try connect()
        qemu.answer = { _ in [#"{"return": {}, "id": 1}"#] }
        // In two pieces, cut within a line.
        qemu.send(String(Self.greeting.prefix(30)))
        qemu.send(String(Self.greeting.dropFirst(30)))

        try await client.handshake(until: .after(.seconds(5)))

        #expect(client.version == [7, 2, 22])
        #expect(qemu.received == [#"{"arguments":{},"execute":"qmp_capabilities","id":1}"#])
    }

    @Test @LoopActor func answersFindTheirCommandInAnyOrder() async throws {
        let (client, qemu) = try connect()
        qemu.answer = { line in
            line.contains("second")
                ? [
                    #"{"return": {"n": 2}, "id": 2}"#, #"{"event": "STOP", "data": {}}"#,
                    #"{"return": {"n": 1}, "id": 1}"#,
                ] : []
        }
        var results: [JSONValue?] = [nil, nil]
        let tasks = ["first", "second"].enumerated().map { index, command in
            LoopActor.task {
                results[index] = try? await client.execute(command, until: .after(.seconds(5)))
            }
        }
        for task in tasks { await task.value }

        #expect(results == [["n": 1], ["n": 2]])
        #expect(client.events == [QMPEvent(name: "STOP", data: [:])])
    }

    @Test @LoopActor func aRefusalCarriesQEMUsWords() async throws {
        let (client, qemu) = try connect()
        qemu.answer = { _ in
            [#"{"id": 1, "error": {"class": "CommandNotFound", "desc": "no such command"}}"#]
        }

        let error = await #expect(throws: QMPError.self) {
            try await client.execute("dance", until: .after(.seconds(5)))
        }

        #expect(error?.description == "QMP command `dance`: QEMU refused: no such command")
    }

    @Test @LoopActor func silenceEndsWithTheLimit() async throws {
        let (client, qemu) = try connect()

        let error = await #expect(throws: QMPError.self) {
            try await client.execute("stop", until: .after(.milliseconds(60)))
        }

        #expect(error?.description == "QMP command `stop`: no answer in 0.1 s")
        qemu.close()
    }

    @Test @LoopActor func aDeadQEMUEndsEveryWait() async throws {
        let (client, qemu) = try connect()
        qemu.answer = { _ in
            qemu.close()
            return []
        }

        let error = await #expect(throws: QMPError.self) {
            try await client.execute("quit", until: .never)
        }
        let second = await #expect(throws: QMPError.self) {
            try await client.execute("cont", until: .never)
        }
        let third = await #expect(throws: QMPError.self) {
            try await client.handshake(until: .never)
        }

        #expect(error?.description == "QMP command `quit`: QEMU has gone")
        #expect(second?.description == "QMP command `cont`: QEMU has gone")
        #expect(third?.description == "QMP command `greeting`: QEMU has gone")
    }

    @Test(arguments: [
        ("(qemu) hello", "(qemu) hello"), ("{\"return\": ", "{\"return\": "), ("[1, 2]", "[1, 2]"),
        ("{}", "{}"), ("\u{1}\u{2}", "\\x01\\x02"), ("{\"error\": 1}", "{\"error\": 1}"),
        (
            "{\"a\": " + String(repeating: "[", count: 100_000),
            "{\"a\": " + String(repeating: "[", count: 74)
        ),
    ])
    @LoopActor func garbageIsAnError(text: String, start: String) async throws {
        let (client, qemu) = try connect()
        qemu.send(text + "\n")

        let error = await #expect(throws: QMPError.self) {
            try await client.handshake(until: .after(.seconds(5)))
        }

        #expect(
            error?.description == "QMP: expected a line of JSON from QEMU, got `\(start)`")
    }

    @Test @LoopActor func eventsStayBounded() async throws {
        let (client, qemu) = try connect()
        let count = QMPClient.eventLimit + 10
        for number in 0..<count { qemu.send(#"{"event": "E\#(number)"}"# + "\n") }
        let inTime = try await client.changed.wait(until: .after(.seconds(5))) {
            client.eventCount == count
        }

        #expect(inTime)
        #expect(client.events.count == QMPClient.eventLimit)
        #expect(client.events.last?.name == "E\(count - 1)")
    }

    @Test @LoopActor func anEndlessLineIsAnError() async throws {
        let (client, qemu) = try connect()
        let piece = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
        for _ in 0..<5 { qemu.channel.enqueue(piece) }

        let ended = try await client.changed.wait(until: .after(.seconds(10))) { client.hasEnded }

        #expect(ended)
        #expect(client.failure != nil)
    }
}

/// The other end of a QMP socket.
@LoopActor
private final class FakeQEMU {
    let channel: ByteChannel
    var received: [String] = []
    /// Lines to send for a line that came.
    var answer: (@LoopActor (String) -> [String])?

    init(_ channel: ByteChannel) {
        self.channel = channel
        channel.onBytes = { [weak self] bytes in
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
                self?.take(String(line))
            }
        }
    }

    func send(_ text: String) { channel.enqueue(Array(text.utf8)) }

    func close() { channel.close() }

    private func take(_ line: String) {
        received.append(line)
        for reply in answer?(line) ?? [] { send(reply + "\r\n") }
    }
}
