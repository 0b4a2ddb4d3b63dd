import CLinux
import Glibc
import SystemPackage

/// The user's terminal, joined to a machine's console until one of the two leaves.
///
/// All keys go to the guest as they are typed, Ctrl-C and Ctrl-Z included. A prefix key, Ctrl-] by
/// default, hands the next key to qsh.
@LoopActor
public final class TerminalSession {
    /// What a guest that reads nothing may leave waiting; more is dropped with a beep, since the
    /// prefix key must be seen whatever comes before it.
    private static let inputLimit = 256 * 1024

    private let peer: TerminalPeer
    private let configuration: TerminalSessionConfiguration
    private let channel: ByteChannel
    private let mode: TerminalMode
    private let screen: TerminalScreen
    private let changed = Broadcast()
    private var keys: EscapeKeys
    private var reports = CursorReports()
    private var exit: TerminalSessionExit?
    private var input: [UInt8] = []
    private var isSending = false

    /// Joins the terminal to `peer`, and waits until the session ends.
    ///
    /// Cancelling ends it at once, with the terminal restored.
    /// - Throws: ``TerminalError`` where there is no terminal to be had, `CancellationError`.
    public static func interact(
        with peer: TerminalPeer, _ configuration: TerminalSessionConfiguration
    ) async throws -> TerminalSessionExit {
        let session = try TerminalSession(peer, configuration)
        defer { session.end() }
        return try await session.run()
    }

    private init(
        _ peer: TerminalPeer, _ configuration: TerminalSessionConfiguration
    ) throws(TerminalError) {
        let own = qterminal_reopen(configuration.descriptor)
        guard own >= 0 else {
            let isNone = errno == ENOTTY || errno == EINVAL || errno == EBADF
            throw isNone ? .notATerminal : .failed(Errno(rawValue: errno))
        }
        do { mode = try TerminalMode(raw: own) } catch {
            close(own)
            throw error
        }
        self.peer = peer
        self.configuration = configuration
        channel = ByteChannel(descriptor: own)
        screen = TerminalScreen(channel)
        keys = EscapeKeys(prefix: configuration.prefix)
    }

    private func run() async throws -> TerminalSessionExit {
        screen.say([configuration.banner])
        configuration.recent.withUnsafeBytes { show($0) }
        channel.onBytes = { [weak self] in self?.receive($0) }
        channel.onEnd = { [weak self] _ in self?.finish(.inputClosed) }
        let subscription = peer.subscribe { [weak self] in self?.show($0) }
        defer { peer.unsubscribe(subscription) }
        let watches = watchPeerAndWindow()
        defer { watches() }
        _ = try await changed.wait(until: .never) { self.exit != nil }
        // Also a wedged terminal must let go.
        await screen.drain(until: .after(.seconds(1)))
        _ = try await changed.wait(until: .after(.milliseconds(300))) {
            self.reports.outstanding == 0 || self.channel.hasEnded
        }
        return exit ?? .inputClosed
    }

    /// - Returns: what ends the watching.
    private func watchPeerAndWindow() -> @LoopActor () -> Void {
        let peer = peer
        let ended = LoopActor.task { [weak self] in
            let isEnd = try? await peer.changed.wait(until: .never, for: peer.hasEnded)
            if isEnd == true { self?.finish(.machineEnded) }
        }
        let resized = SignalWatch(SIGWINCH) { [weak self] in self?.tellSize() }
        // The window may have changed since the boot, and again while qsh was stopped.
        tellSize()
        mode.onResume = { [weak self] in self?.tellSize() }
        return {
            ended.cancel()
            resized.cancel()
        }
    }

    private func tellSize() {
        if let size = TerminalSize(of: configuration.descriptor) { peer.sizeChanged?(size) }
    }

    private func finish(_ reason: TerminalSessionExit) {
        if exit == nil { exit = reason }
        changed.notify()
    }

    private func end() {
        mode.restore()
        let farewell =
            switch exit {
            case .left: "left `\(configuration.name)`, which goes on"
            case .machineEnded: "`\(configuration.name)` has ended"
            case .inputClosed, nil: "detached from `\(configuration.name)`"
            }
        channel.enqueue(Array("\n[qsh] \(farewell)\n".utf8))
        channel.close()
    }

    private func show(_ bytes: UnsafeRawBufferPointer) {
        reports.noteOutput(bytes)
        screen.show(bytes)
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) {
        reports.noteInput(bytes)
        // What comes after the end belongs to nobody.
        guard exit == nil else { return changed.notify() }
        for event in keys.receive(bytes) where exit == nil { handle(event) }
    }

    private func handle(_ event: EscapeKeys.Event) {
        switch event {
        case .send(let bytes): send(bytes)
        case .leave: finish(.left)
        case .sendBreak:
            if let sendBreak = peer.sendBreak { sendBreak() } else { sayUnavailable("BREAK") }
        case .windowSize: sendSize()
        case .help:
            let lines = configuration.help(
                canBreak: peer.sendBreak != nil, canResize: peer.sendSize != nil)
            screen.say(lines)
        case .unknown(let byte):
            let key = (0x20...0x7e).contains(byte) ? "`\(UnicodeScalar(byte))`" : "that key"
            screen.say(["\(key) is no command; \(configuration.prefix?.name ?? "") then ? helps"])
        }
    }

    private func sendSize() {
        guard let sendSize = peer.sendSize else { return sayUnavailable("the window's size") }
        guard let size = TerminalSize(of: configuration.descriptor) else {
            return screen.say(["this terminal does not know its size"])
        }
        sendSize(size)
    }

    private func sayUnavailable(_ what: String) {
        screen.say(["\(what) cannot be sent to `\(configuration.name)`"])
    }

    private func send(_ bytes: [UInt8]) {
        guard input.count + bytes.count <= Self.inputLimit else { return screen.show("\u{7}") }
        input += bytes
        guard !isSending else { return }
        isSending = true
        LoopActor.task { await self.sendInput() }
    }

    private func sendInput() async {
        while !input.isEmpty, exit == nil {
            let piece = input
            input = []
            // A console that takes nothing more has ended, which ends the session by itself.
            try? await peer.send(piece)
        }
        isSending = false
    }
}
