/// One line of a cassette behind its header.
///
/// A cassette is an asciicast of version 2 (docs.asciinema.org/manual/asciicast/v2), whose players
/// pass over the codes they do not know: `[time, code, data]`. The console of the first machine is
/// in `o` and `i`, decisions of the recipe are markers `m`; the rest has codes of qsh's own, the
/// machine's number behind a colon.
struct CassetteEvent: Equatable {
    /// What came from the machine or went to it, or what the recipe decided.
    enum Content: Equatable {
        case output(Wire, [UInt8])
        case input(Wire, [UInt8])
        /// `expect ["login:"]`: what the recipe does next, in words.
        case decision(String)
        /// The machine begins: how it was started.
        case boot(CassetteBoot)
        /// QEMU's process has ended, with an exit code, or by a signal (a negative number).
        case ended(Int32)
    }

    enum Wire: String, CaseIterable {
        case console
        case qmp
        case agent
        /// QEMU's standard output and error.
        case words
    }

    /// Since the recording began.
    var time: Duration
    /// The machine, counted from 1 in the order of their starts.
    var machine: Int
    var content: Content

    /// The line, or the two lines where the bytes are no text.
    var lines: [[UInt8]] {
        switch content {
        case .output(let wire, let bytes): wireLines(wire, bytes, isOutput: true)
        case .input(let wire, let bytes): wireLines(wire, bytes, isOutput: false)
        case .decision(let words): [line("m", "\(machine) \(words)")]
        case .boot(let boot): [line("boot:\(machine)", boot.text)]
        case .ended(let status): [line("exit:\(machine)", String(status))]
        }
    }

    private func wireLines(_ wire: Wire, _ bytes: [UInt8], isOutput: Bool) -> [[UInt8]] {
        let plain = wire == .console && machine == 1 ? (isOutput ? "o" : "i") : nil
        let name = "\(wire.rawValue)-\(isOutput ? "out" : "in")"
        if wire != .agent, let text = String(validating: bytes, as: UTF8.self) {
            return [line(plain ?? "\(name):\(machine)", text)]
        }
        let encoded = String(decoding: Base64.encode(bytes), as: UTF8.self)
        let exact = line("\(name)-base64:\(machine)", encoded)
        // For the players; what is read back is the line before.
        return [exact] + (plain.map { [line($0, String(decoding: bytes, as: UTF8.self))] } ?? [])
    }

    private func line(_ code: String, _ data: String) -> [UInt8] {
        let microseconds = Int64(time / .microseconds(1))
        let fraction = String(microseconds % 1_000_000 + 1_000_000).dropFirst()
        let head = "[\(microseconds / 1_000_000).\(fraction), \"\(code)\", "
        return Array(head.utf8) + JSONValue.string(data).bytes + Array("]\n".utf8)
    }

    /// Reads a line back; nil for what is none of qsh's.
    init?(_ line: ArraySlice<UInt8>) {
        guard case .array(let fields)? = JSONValue(parsing: line), fields.count == 3,
            let code = fields[1].text, let data = fields[2].text
        else { return nil }
        let seconds: Double
        switch fields[0] {
        case .number(let number): seconds = number
        case .integer(let number): seconds = Double(number)
        default: return nil
        }
        time = .seconds(seconds)
        let parts = code.split(separator: ":", maxSplits: 1)
        machine = parts.count == 2 ? Int(parts[1]) ?? 0 : 1
        guard let name = parts.first, let content = Content(String(name), data) else { return nil }
        self.content = content
        if case .decision = content {
            guard let number = data.split(separator: " ").first.flatMap({ Int($0) }) else {
                return nil
            }
            machine = number
        }
    }

    init(time: Duration, machine: Int, content: Content) {
        self.time = time
        self.machine = machine
        self.content = content
    }
}

extension CassetteEvent.Content {
    fileprivate init?(_ name: String, _ data: String) {
        switch name {
        case "o": self = .output(.console, Array(data.utf8))
        case "i": self = .input(.console, Array(data.utf8))
        case "m":
            guard let space = data.firstIndex(of: " ") else { return nil }
            self = .decision(String(data[data.index(after: space)...]))
        case "boot":
            guard let boot = CassetteBoot(data) else { return nil }
            self = .boot(boot)
        case "exit":
            guard let status = Int32(data) else { return nil }
            self = .ended(status)
        default:
            var words = name.split(separator: "-").map(String.init)
            let isEncoded = words.count == 3 && words[2] == "base64"
            if isEncoded { words.removeLast() }
            guard words.count == 2, let wire = CassetteEvent.Wire(rawValue: words[0]),
                let bytes = isEncoded ? Base64.decode(Array(data.utf8)) : Array(data.utf8)
            else { return nil }
            switch words[1] {
            case "out": self = .output(wire, bytes)
            case "in": self = .input(wire, bytes)
            default: return nil
            }
        }
    }
}

/// How a recorded machine was started.
public struct CassetteBoot: Sendable, Equatable {
    /// QEMU's command line, quoted for a shell.
    public var command: String
    /// What ran the guest.
    public var accelerator: Accelerator
    /// Whether commands went to an agent.
    public var hasAgent: Bool

    /// The decision that marks a machine which another one took the place of.
    static let retried = "retried under tcg"

    init(command: String, accelerator: Accelerator, hasAgent: Bool) {
        self.command = command
        self.accelerator = accelerator
        self.hasAgent = hasAgent
    }

    fileprivate init?(_ text: String) {
        guard let json = JSONValue(parsing: text.utf8), let command = json["command"]?.text,
            let accelerator = json["accel"]?.text.flatMap(Accelerator.init(rawValue:)),
            case .bool(let hasAgent)? = json["agent"]
        else { return nil }
        self.init(command: command, accelerator: accelerator, hasAgent: hasAgent)
    }

    fileprivate var text: String {
        let json: JSONValue = [
            "command": .string(command), "accel": .string(accelerator.rawValue),
            "agent": .bool(hasAgent),
        ]
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
