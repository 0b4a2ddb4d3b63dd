import Glibc
import SystemPackage

/// Writes a cassette while a recipe runs.
///
/// It grows under a temporary name and gets its own when the run is over.
@LoopActor
public final class CassetteRecorder {
    /// What went wrong with the file; nil while all is well.
    public private(set) var failure: CassetteError?

    private let path: FilePath
    private let partial: FilePath
    private var descriptor: Int32
    private var pending: [UInt8] = []
    private let started = Deadline.now
    private var machines = 0

    private static let flushSize = 64 * 1024

    /// Begins a cassette.
    ///
    /// - Parameter title: what is recorded, for players.
    /// - Throws: ``CassetteError``.
    public init(_ path: FilePath, title: String) throws(CassetteError) {
        self.path = path
        let name = path.lastComponent?.string ?? "cast"
        partial = path.removingLastComponent().appending(".\(name).\(getpid())")
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        descriptor = partial.withPlatformString { open($0, flags, 0o644) }
        guard descriptor >= 0 else {
            throw CassetteError(path, .unwritable(Errno(rawValue: errno)))
        }
        // One object in one line; players need the size of the terminal.
        let header: JSONValue = [
            "version": .integer(2), "width": .integer(100), "height": .integer(30),
            "timestamp": .integer(Int64(time(nil))), "title": .string(title),
            "qsh": ["cassette": .integer(Cassette.version)],
        ]
        pending = header.bytes + [.lineFeed]
    }

    /// A track for the machine that starts next.
    func track(_ boot: CassetteBoot) -> CassetteTrack {
        machines += 1
        let track = CassetteTrack(recorder: self, machine: machines)
        track.note(.boot(boot))
        return track
    }

    func write(_ content: CassetteEvent.Content, machine: Int) {
        let event = CassetteEvent(time: .now - started, machine: machine, content: content)
        for line in event.lines { pending += line }
        if pending.count >= Self.flushSize { flush() }
    }

    /// Ends the cassette and gives the file its name.
    public func finish() throws(CassetteError) {
        flush()
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
        let status = partial.withPlatformString { old in
            failure == nil ? path.withPlatformString { rename(old, $0) } : unlink(old)
        }
        if status != 0, failure == nil {
            failure = CassetteError(path, .unwritable(Errno(rawValue: errno)))
        }
        if let failure { throw failure }
    }

    private func flush() {
        var rest = pending[...]
        while failure == nil, !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                failure = CassetteError(path, .unwritable(Errno(rawValue: errno)))
            }
        }
        pending.removeAll(keepingCapacity: true)
    }
}

/// One machine's part of a cassette that is being recorded.
@LoopActor
final class CassetteTrack {
    private let recorder: CassetteRecorder
    private let machine: Int

    fileprivate init(recorder: CassetteRecorder, machine: Int) {
        self.recorder = recorder
        self.machine = machine
    }

    func note(_ content: CassetteEvent.Content) { recorder.write(content, machine: machine) }

    /// Writes down what passes through a channel.
    func follow(_ channel: ByteChannel, _ wire: CassetteEvent.Wire) {
        channel.tap = { [self] direction, bytes in
            switch direction {
            case .received: note(.output(wire, Array(bytes)))
            case .sent: note(.input(wire, Array(bytes)))
            }
        }
    }
}
