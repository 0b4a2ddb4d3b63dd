import CEditlineShims
import Glibc
import QshRuntime

/// Reads lines from the terminal through libedit while the event loop goes on.
///
/// libedit asks for one byte at a time; each question runs the loop until the terminal has one, so
/// machines are served while the user types. It must be called from outside the loop, on the loop's
/// thread, which is why it may be handed to what the loop runs.
final class LineEditor: @unchecked Sendable {
    enum Line {
        case text(String)
        case interrupted
        case end
    }

    private var editor: OpaquePointer?
    private var pending: [UInt8] = []
    private var interrupted = false
    private let complete: (String, Int) -> String?
    private var completion: UnsafeMutablePointer<CChar>?

    /// - Parameter complete: is given the line and the cursor's byte offset, and returns what to
    ///   insert there.
    init?(complete: @escaping (String, Int) -> String?) {
        self.complete = complete
        let callbacks = qedit_callbacks(
            context: Unmanaged.passUnretained(self).toOpaque(),
            read_byte: { LineEditor.from($0)?.readByte() ?? -1 },
            complete: { context, line, cursor in
                guard let line, let editor = LineEditor.from(context) else { return nil }
                return editor.completionText(String(cString: line), cursor)
            })
        guard let opened = qedit_open(callbacks) else { return nil }
        editor = opened
    }

    deinit {
        qedit_close(editor)
        free(completion)
    }

    /// Reads one line; Ctrl-C gives up what was typed, Ctrl-D on an empty line ends.
    func readLine(prompt: String) -> Line {
        interrupted = false
        var text: UnsafePointer<CChar>?
        var length = 0
        let status = prompt.withCString { qedit_read(editor, $0, &text, &length) }
        switch status {
        case QEDIT_LINE:
            return .text(text.map { String(cString: $0) } ?? "")
        case QEDIT_INTERRUPTED:
            return .interrupted
        default:
            return .end
        }
    }

    func addToHistory(_ entry: String) {
        entry.withCString { qedit_history_add(editor, $0) }
    }

    /// Called from the signal watch on the loop's thread: ends the line being read.
    func interrupt() {
        interrupted = true
        EventLoop.shared.stop()
    }

    func resize() { qedit_resize(editor) }

    private static func from(_ context: UnsafeMutableRawPointer?) -> LineEditor? {
        context.map { Unmanaged<LineEditor>.fromOpaque($0).takeUnretainedValue() }
    }

    private func completionText(_ line: String, _ cursor: Int) -> UnsafePointer<CChar>? {
        guard let insertion = complete(line, cursor) else { return nil }
        free(completion)
        completion = strdup(insertion)
        return UnsafePointer(completion)
    }

    private func readByte() -> Int32 {
        while pending.isEmpty {
            EventLoop.shared.run(untilReadable: 0)
            if interrupted { return -2 }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(0, &buffer, buffer.count)
            if count > 0 {
                pending = buffer[..<count].reversed()
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                return -1
            }
        }
        return Int32(pending.removeLast())
    }
}
