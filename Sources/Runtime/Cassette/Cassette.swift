import Glibc
import SystemPackage

/// A recorded run: everything that came from its machines and went to them, with its time.
@LoopActor
public final class Cassette {
    /// What a run does with a cassette.
    public enum Mode {
        /// Everything is written down.
        case record(CassetteRecorder)
        /// Machines are played from it; no QEMU is started.
        case replay(Cassette)
    }

    /// What this process does with one; nil for an ordinary run.
    public static var mode: Mode?

    /// Whether machines are played.
    public static var isReplay: Bool {
        if case .replay? = mode { true } else { false }
    }

    /// The version of the format that this qsh writes, and the newest it reads.
    public nonisolated static let version: Int64 = 1

    /// Where it lies.
    public let path: FilePath
    /// Whether output comes when it came, not at once.
    public let isRealTime: Bool
    private let boots: [(number: Int, boot: CassetteBoot)]
    private var played = 0

    /// Opens a cassette for replay.
    ///
    /// - Throws: ``CassetteError``.
    public init(_ path: FilePath, isRealTime: Bool) throws(CassetteError) {
        self.path = path
        self.isRealTime = isRealTime
        let events = try Cassette.events(of: path)
        let retried = Set(
            events.filter { $0.content == .decision(CassetteBoot.retried) }.map(\.machine))
        boots = events.compactMap { event in
            guard case .boot(let boot) = event.content, !retried.contains(event.machine) else {
                return nil
            }
            return (event.machine, boot)
        }
    }

    /// How the next machine was started.
    ///
    /// - Throws: ``CassetteError`` where no more machines were recorded.
    func next() throws(CassetteError) -> (number: Int, boot: CassetteBoot) {
        guard played < boots.count else {
            throw CassetteError(path, .noMoreMachines(recorded: boots.count))
        }
        defer { played += 1 }
        return boots[played]
    }

    /// How the next machine was started, which stays the next one.
    public var upcoming: CassetteBoot? { played < boots.count ? boots[played].boot : nil }

    /// A number for a session: by chance, but the same in a recording and its replay, where what
    /// is sent is compared.
    static func sessionNumber() -> UInt64 {
        guard mode != nil else { return .random(in: 1 ... .max) }
        sessions += 1
        return sessions
    }

    private static var sessions: UInt64 = 0

    /// Reads all events.
    nonisolated static func events(of path: FilePath) throws(CassetteError) -> [CassetteEvent] {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try wholeFile(path)
        } catch {
            throw CassetteError(path, .unreadable(error))
        }
        let lines = bytes.split(separator: .lineFeed)
        guard let first = lines.first, let header = JSONValue(parsing: first),
            header["version"]?.integer == 2, let own = header["qsh"]?["cassette"]?.integer
        else { throw CassetteError(path, .notACassette) }
        guard own <= version else { throw CassetteError(path, .newer(own)) }
        var events: [CassetteEvent] = []
        for (index, line) in lines.enumerated().dropFirst() {
            guard let event = CassetteEvent(line) else {
                throw CassetteError(path, .badLine(index + 1))
            }
            // The same bytes once more, for players that show text only.
            if case .output(let wire, let shown) = event.content,
                case .output(wire, let exact)? = events.last?.content,
                event.machine == events.last?.machine, event.time == events.last?.time,
                exact != shown, Array(String(decoding: exact, as: UTF8.self).utf8) == shown
            {
                continue
            }
            events.append(event)
        }
        return events
    }

    private nonisolated static func wholeFile(_ path: FilePath) throws(Errno) -> [UInt8] {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else {
            throw Errno(rawValue: errno)
        }
        return try readSmallFile(path, limit: max(Int(status.st_size), 1))
    }
}

/// Why a cassette cannot be recorded or played.
public struct CassetteError: DiagnosticError, Equatable {
    /// What is wrong.
    public enum Reason: Sendable, Equatable {
        case unreadable(Errno)
        case unwritable(Errno)
        case notACassette
        case newer(Int64)
        case badLine(Int)
        /// The recipe starts more machines than were recorded.
        case noMoreMachines(recorded: Int)
    }

    /// The file as it was named.
    public let path: FilePath
    /// What is wrong.
    public let reason: Reason

    init(_ path: FilePath, _ reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// The text of the error.
    public var diagnostic: Diagnostic {
        let subject = "cassette `\(path)`"
        switch reason {
        case .unreadable(let errno):
            return Diagnostic(.usage, "\(subject): cannot read: \(errno.lowercased)")
        case .unwritable(let errno):
            return Diagnostic(.usage, "\(subject): cannot write: \(errno.lowercased)")
        case .notACassette:
            return Diagnostic(
                .usage,
                "\(subject): it is none: the first line has no `\"qsh\": {\"cassette\": …}`",
                hint: "make one with `qsh --record FILE SCRIPT`")
        case .newer(let version):
            return Diagnostic(
                .usage, "\(subject): expected version 1, got \(version)",
                hint: "it was made by a newer qsh")
        case .badLine(let line):
            return Diagnostic(.usage, "\(subject): line \(line) is no event")
        case .noMoreMachines(let count):
            return Diagnostic(
                .recipeFailed,
                "\(subject): the recipe starts one machine more than the \(count) it holds",
                hint: "record it again with `qsh --record`")
        }
    }
}
