import Testing

@testable import QshRuntime

@Suite struct GuestFrameReaderTests {
    /// Every event as a text; neighbouring pieces of one output are joined.
    private func read(_ stream: [UInt8], cutAt cuts: [Int]) -> [String] {
        var reader = GuestFrameReader()
        var events: [String] = []
        var openOutput = ""
        for (start, end) in zip([0] + cuts, cuts + [stream.count]) {
            stream[start..<end].withUnsafeBytes { bytes in
                reader.consume(bytes) { event in
                    switch event {
                    case .output(let stream, let id, let piece):
                        let name = "\(stream) \(id) "
                        if openOutput != name { events.append(name) }
                        openOutput = name
                        events[events.count - 1] += String(decoding: piece, as: UTF8.self)
                    case .frame(let kind, let id, let payload):
                        openOutput = ""
                        events.append("\(kind) \(id) \(payload.count)")
                    case .broken(let reason):
                        openOutput = ""
                        events.append(reason)
                    }
                }
            }
        }
        return events
    }

    private static let stream: [UInt8] = {
        let parts: [[UInt8]] = [
            Array("qshqsh\u{1}qs noise ".utf8), GuestFrame.marker, [1, 0, 0, 0, 0, 0],
            hello(number: 0), GuestFrame.encode(.output, id: 7, Array("some text".utf8)),
            GuestFrame.encode(.errorOutput, id: 7, Array("other".utf8)),
            GuestFrame.encode(.exit, id: 7, words: 3, 0), GuestFrame.encode(.output, id: 8),
            Array("garbage that is no frame".utf8), hello(number: 9),
            GuestFrame.encode(.reply, id: 2, words: 0),
        ]
        return Array(parts.joined())
    }()

    private static func hello(number: UInt64) -> [UInt8] {
        var payload = GuestFrame.magic
        payload.append(littleEndian: number)
        payload += Array(repeating: 0, count: 80)
        payload[24] = 1
        return GuestFrame.encode(.hello, id: 0, payload)
    }

    private static let expected = [
        "hello 0 104", "stdout 7 some text", "stderr 7 other", "exit 7 8",
        "expected a frame, got other bytes", "hello 0 104", "reply 2 4",
    ]

    @Test func framesAreFoundInGarbage() {
        #expect(read(Self.stream, cutAt: []) == Self.expected)
    }

    @Test func anyCutGivesTheSameFrames() {
        for cut in 0...Self.stream.count {
            #expect(read(Self.stream, cutAt: [cut]) == Self.expected, "cut at \(cut)")
        }
        #expect(read(Self.stream, cutAt: Array(1..<Self.stream.count)) == Self.expected)
    }

    @Test func hugeLengthIsNotBelieved() {
        let stream =
            Self.hello(number: 1) + GuestFrame.marker + [65, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]
        #expect(
            read(stream, cutAt: []) == [
                "hello 0 104", "expected a payload of at most 131072 bytes, got 4294967295",
            ])
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func randomBytesNeverCrash(seed: UInt64) {
        let noise = randomBytes(5000, seed: seed)
        _ = read(noise, cutAt: [])
        _ = read(Self.hello(number: 1) + noise, cutAt: [])
    }
}
