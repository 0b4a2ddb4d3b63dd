import Glibc
import QshRuntime

/// Where the REPL's lines come from. Read from outside the loop, on the loop's thread.
protocol LineSource: AnyObject, Sendable {
    /// Whether a line is being waited for.
    var isReading: Bool { get }
    /// Reads one line while the loop goes on.
    func readLine(prompt: String) -> InputLine
    /// Called on the loop: ends the line being read, if any.
    func interrupt()
    /// The window has another size.
    func resize()
}

enum InputLine {
    case text(String)
    case interrupted
    case end
}

/// Lines of standard input where it is no terminal: no prompt, no editing.
final class PlainLines: LineSource, @unchecked Sendable {
    private(set) var isReading = false
    private var buffer: [UInt8] = []
    private var isAtEnd = false
    private var isInterrupted = false
    /// A file is always ready, and epoll(7) does not take it.
    private let canWait: Bool

    init() {
        var status = stat()
        let kind = fstat(0, &status) == 0 ? status.st_mode & S_IFMT : 0
        canWait = kind == S_IFIFO || kind == S_IFSOCK || isatty(0) == 1
    }

    func readLine(prompt: String) -> InputLine {
        isReading = true
        isInterrupted = false
        defer { isReading = false }
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer.removeSubrange(...end) }
                return .text(String(decoding: buffer[..<end], as: UTF8.self))
            }
            if isAtEnd {
                defer { buffer.removeAll() }
                return buffer.isEmpty ? .end : .text(String(decoding: buffer, as: UTF8.self))
            }
            if canWait { EventLoop.shared.run(untilReadable: 0) }
            if isInterrupted { return .interrupted }
            fill()
        }
    }

    func interrupt() {
        guard isReading else { return }
        isInterrupted = true
        EventLoop.shared.stop()
    }

    func resize() {}

    private func fill() {
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        let count = read(0, &piece, piece.count)
        if count > 0 {
            buffer += piece[..<count]
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            isAtEnd = true
        }
    }
}
