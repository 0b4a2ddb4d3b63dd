import QshRuntime
import SystemPackage

/// A console without a machine: tests play the guest.
@LoopActor
final class FakeGuest: ByteTransport {
    let console: Console
    private(set) var typed: [UInt8] = []
    /// Called with what is typed, to answer it.
    var onTyped: (([UInt8]) -> Void)?
    var isDead = false

    init(_ configuration: ConsoleConfiguration = ConsoleConfiguration(), folder: FilePath? = nil) {
        console = Console(
            configuration: configuration, transcript: Transcript(folder: folder))
        console.connect(self)
    }

    func write(_ bytes: [UInt8], until deadline: Deadline) async throws {
        if isDead { throw Errno.brokenPipe }
        typed += bytes
        onTyped?(bytes)
    }

    func prints(_ text: String) { prints(Array(text.utf8)) }

    func prints(_ bytes: [UInt8]) { bytes.withUnsafeBytes { console.receive($0) } }

    func dies() { console.end() }
}

extension [UInt8] {
    var text: String { String(decoding: self, as: UTF8.self) }
}

extension ConsoleConfiguration {
    /// Waits that end soon.
    static var quick: ConsoleConfiguration {
        var configuration = ConsoleConfiguration()
        configuration.pause = .milliseconds(20)
        configuration.reportGrace = .milliseconds(20)
        return configuration
    }
}
