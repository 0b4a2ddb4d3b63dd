/// How a session shows itself to the user.
public struct TerminalSessionConfiguration: Sendable {
    /// What the session is attached to, as its messages name it.
    public var name: String
    /// The key that lets the next one through to qsh; nil for none, so that only the machine's end
    /// ends the session.
    public var prefix: EscapePrefix?
    /// Output from before the session that is shown at its start: a prompt that waits already.
    public var recent: [UInt8]
    /// The user's terminal.
    public var descriptor: Int32

    /// Makes a configuration for the terminal on standard input.
    public init(
        name: String, prefix: EscapePrefix? = .standard, recent: [UInt8] = [],
        descriptor: Int32 = 0
    ) {
        self.name = name
        self.prefix = prefix
        self.recent = recent
        self.descriptor = descriptor
    }

    var banner: String {
        guard let prefix else {
            return "attached to `\(name)`; no key leaves, the machine's end does"
        }
        return "attached to `\(name)`; \(prefix.name) then . leaves, \(prefix.name) then ? helps"
    }

    func help(canBreak: Bool, canResize: Bool) -> [String] {
        guard let prefix else { return [] }
        return [
            "\(prefix.name) then:",
            "  . or q  leave, the machine goes on",
            "  \(prefix.name)  send \(prefix.name) itself (or its character)",
            canBreak ? "  b       send BREAK (SysRq on a serial console)" : nil,
            canResize ? "  w       tell the guest the size of this window" : nil,
            "  ?       this list",
        ].compactMap { $0 }
    }
}

/// What a session talks to, as functions: it knows neither machines nor consoles.
@LoopActor
public struct TerminalPeer {
    /// Takes the user's bytes; may wait.
    public var send: @LoopActor ([UInt8]) async throws -> Void
    /// Registers for the guest's output; the buffer is valid during the call only.
    public var subscribe: @LoopActor (@escaping @LoopActor (UnsafeRawBufferPointer) -> Void) -> Int
    /// Ends what `subscribe` began.
    public var unsubscribe: @LoopActor (Int) -> Void
    /// Whether the machine has ended.
    public var hasEnded: @LoopActor () -> Bool
    /// Notified when `hasEnded` may have changed.
    public var changed: Broadcast
    /// Sends a BREAK; nil where that is not possible.
    public var sendBreak: (@LoopActor () -> Void)?
    /// Tells the guest the window's size, on the user's demand; nil where that is not possible.
    /// It types at a shell prompt (`stty rows … cols …`), so it is never called by itself.
    public var sendSize: (@LoopActor (TerminalSize) -> Void)?
    /// Called with the window's size at the start and after each change: for a channel that is
    /// not the console.
    public var sizeChanged: (@LoopActor (TerminalSize) -> Void)?

    /// Makes a peer without BREAK and sizes, which may be set after.
    public init(
        send: @escaping @LoopActor ([UInt8]) async throws -> Void,
        subscribe:
            @escaping @LoopActor (
                @escaping @LoopActor (UnsafeRawBufferPointer) -> Void
            ) -> Int,
        unsubscribe: @escaping @LoopActor (Int) -> Void,
        changed: Broadcast, hasEnded: @escaping @LoopActor () -> Bool
    ) {
        self.send = send
        self.subscribe = subscribe
        self.unsubscribe = unsubscribe
        self.changed = changed
        self.hasEnded = hasEnded
    }
}

/// Why a session ended. The raw value is what recipes see.
public enum TerminalSessionExit: String, Sendable {
    /// The user left; the machine goes on.
    case left
    /// The machine ended.
    case machineEnded = "machine-ended"
    /// The terminal went away.
    case inputClosed = "input-closed"
}
