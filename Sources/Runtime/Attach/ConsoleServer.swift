import CLinux
import Glibc
import SystemPackage

/// Gives a machine's console to other processes of the same user: `qsh attach`.
///
/// The socket `console` in the run folder carries plain bytes both ways. Whoever connects gets
/// the newest output and then all that follows; what they send is typed. A reader that falls too
/// far behind is let go, so that it holds up neither the machine nor the others.
@LoopActor
final class ConsoleServer {
    /// The socket's name in the run folder.
    static let socketName = "console"
    /// How much of the newest output a newcomer sees.
    private static let recentSize = 4096
    private static let backlogLimit = 4 << 20

    private let console: Console
    private let listener: Int32
    private var watch: DescriptorWatch?
    private var guests: [Int: ByteChannel] = [:]
    private var nextGuest = 0
    private var subscription: Int?

    /// Starts to listen.
    ///
    /// - Throws: `Errno` where there can be no socket in `folder`.
    init(_ console: Console, in folder: FilePath) throws(Errno) {
        self.console = console
        listener = qunix_listen(folder.string, Self.socketName)
        guard listener >= 0 else { throw Errno(rawValue: errno) }
        watch = EventLoop.shared.watch(listener, for: .readable) { [weak self] _ in self?.accept() }
    }

    isolated deinit { close() }

    /// Lets everybody go, after what the console printed has been sent.
    func close() {
        guard let watch else { return }
        self.watch = nil
        watch.cancel()
        _ = Glibc.close(listener)
        if let subscription { console.unsubscribe(subscription) }
        for guest in guests.values { Self.letGo(guest) }
        guests = [:]
    }

    private func accept() {
        let descriptor = qunix_accept(listener)
        guard descriptor >= 0 else { return }
        let guest = ByteChannel(descriptor: descriptor)
        nextGuest += 1
        let number = nextGuest
        guests[number] = guest
        guest.onBytes = { [weak console] bytes in
            let typed = Array(bytes)
            LoopActor.task { try? await console?.send(typed) }
        }
        guest.onEnd = { [weak self] _ in self?.guests[number] = nil }
        guest.enqueue(recent)
        if subscription == nil {
            subscription = console.subscribe { [weak self] bytes in
                LoopActor.assumeIsolated { self?.broadcast(Array(bytes)) }
            }
        }
    }

    /// Whole lines, so that no escape sequence is cut.
    private var recent: [UInt8] {
        let bytes = console.transcript.lastBytes(Self.recentSize)
        guard bytes.count == Self.recentSize, let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
        else { return bytes }
        return Array(bytes[(end + 1)...])
    }

    private func broadcast(_ bytes: [UInt8]) {
        for (number, guest) in guests {
            guard guest.backlog < Self.backlogLimit else {
                guests[number] = nil
                guest.close()
                continue
            }
            guest.enqueue(bytes)
        }
    }

    private static func letGo(_ guest: ByteChannel) {
        guest.onBytes = nil
        guest.endWritingWhenDrained()
        LoopActor.task {
            _ = try? await guest.waitForEnd(until: .after(.seconds(2)))
            guest.close()
        }
    }
}
