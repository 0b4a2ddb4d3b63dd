import CLinux
import Glibc
import QshRuntime
import SystemPackage

/// A pseudo-terminal whose master end the test holds.
@LoopActor
public final class TestTerminal {
    /// The slave's descriptor, which keeps the terminal alive and shows its mode.
    public let slave: Int32
    /// The slave's path.
    public let path: String
    /// What the terminal has shown so far.
    public private(set) var shown: [UInt8] = []
    /// Called with each piece that is shown.
    public var onShown: (@LoopActor (UnsafeRawBufferPointer) -> Void)?

    private let master: ByteChannel
    private let changed = Broadcast()

    /// Makes one in the usual mode, 24 by 80.
    public init() throws {
        var name = [CChar](repeating: 0, count: 64)
        let descriptor = qterminal_pseudo(&name, UInt(name.count))
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        path = String(decoding: bytes, as: UTF8.self)
        slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard slave >= 0 else { throw Errno(rawValue: errno) }
        qterminal_set_size(slave, 24, 80)
        master = ByteChannel(descriptor: descriptor)
        master.onBytes = { [weak self] bytes in
            self?.shown.append(contentsOf: bytes)
            self?.onShown?(bytes)
            self?.changed.notify()
        }
    }

    isolated deinit {
        master.close()
        close(slave)
    }

    /// What the terminal has shown, as text.
    public var text: String { String(decoding: shown, as: UTF8.self) }

    /// Types.
    public func type(_ text: String) { master.enqueue(Array(text.utf8)) }

    /// Stops taking what is written to the terminal, as a stalled connection does.
    public func stall() { master.isPaused = true }

    /// Goes on taking it.
    public func goOn() { master.isPaused = false }

    /// Waits until the terminal has shown `text`.
    public func waitToShow(_ text: String, limit: Duration = .seconds(10)) async throws -> Bool {
        try await changed.wait(until: .after(limit)) { self.text.contains(text) }
    }

    /// Waits until the terminal has shown more than `count` bytes in all.
    public func waitToShowMore(than count: Int) async throws -> Bool {
        try await changed.wait(until: .after(.milliseconds(200))) { self.shown.count > count }
    }

    /// Whether lines are edited and typed characters shown, as a shell expects it.
    public var isCooked: Bool {
        var mode = termios()
        let wanted = tcflag_t(ICANON | ECHO | ISIG)
        return tcgetattr(slave, &mode) == 0 && mode.c_lflag & wanted == wanted
            && mode.c_oflag & tcflag_t(OPOST) != 0
    }

    /// Waits until ``isCooked`` is `value`. A terminal's mode raises no event, hence the look
    /// every few milliseconds.
    public func waitUntilCooked(_ value: Bool) async throws -> Bool {
        let deadline = Deadline.after(.seconds(10))
        while isCooked != value {
            if deadline.hasPassed { return false }
            _ = try await Broadcast().wait(until: .after(.milliseconds(2))) { false }
        }
        return true
    }
}
