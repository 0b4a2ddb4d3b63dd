import CEditlineShims
import Glibc
import QshRuntime

/// Reads lines from the terminal through libedit while the event loop goes on.
///
/// libedit asks for one byte at a time; each question runs the loop until the terminal has one, so
/// machines are served while the user types. It must be called from outside the loop, on the loop's
/// thread, which is why it may be handed to what the loop runs.
final class LineEditor: LineSource, @unchecked Sendable {
    /// What TAB does.
    struct Completion {
        /// Goes in at the cursor.
        var insertion = ""
        /// Shown above the line.
        var candidates: [String] = []
    }

    private(set) var isReading = false
    private var editor: OpaquePointer?
    private var isInterrupted = false
    /// Is given the line up to the cursor.
    private let complete: (String) -> Completion?
    private var completion: UnsafeMutablePointer<CChar>?

    init?(complete: @escaping (String) -> Completion?) {
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
    func readLine(prompt: String) -> InputLine {
        isInterrupted = false
        isReading = true
        // Ctrl-Z: the shell must find the terminal as it left it.
        let watch = LoopActor.assumeIsolated { SignalWatch(SIGTSTP) { self.suspend() } }
        defer {
            isReading = false
            LoopActor.assumeIsolated { watch.cancel() }
        }
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
        guard isReading else { return }
        isInterrupted = true
        EventLoop.shared.stop()
    }

    func resize() {
        if isReading { qedit_resize(editor) }
    }

    /// Takes the line being edited off the screen while `body` prints whole lines.
    func above(_ body: () -> Void) {
        qedit_hide(editor)
        body()
        qedit_refresh(editor)
    }

    private func suspend() {
        qedit_stop(editor)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> LineEditor? {
        context.map { Unmanaged<LineEditor>.fromOpaque($0).takeUnretainedValue() }
    }

    private func completionText(_ line: String, _ cursor: Int) -> UnsafePointer<CChar>? {
        let before = String(decoding: Array(line.utf8.prefix(cursor)), as: UTF8.self)
        guard let found = complete(before) else { return nil }
        if !found.candidates.isEmpty {
            above { StandardOutput.write(Self.columns(found.candidates)) }
        }
        free(completion)
        completion = strdup(found.insertion)
        return UnsafePointer(completion)
    }

    private static func columns(_ names: [String]) -> String {
        let limit = 200
        let shown = names.prefix(limit)
        let width = (shown.map(\.count).max() ?? 0) + 2
        let perLine = max(1, (TerminalSize.current?.columns ?? 80) / width)
        var text = ""
        for (index, name) in shown.enumerated() {
            let isLast = index % perLine == perLine - 1 || index == shown.count - 1
            let space = String(repeating: " ", count: width - name.count)
            text += name + (isLast ? "\n" : space)
        }
        return names.count > limit ? text + "… \(names.count - limit) more\n" : text
    }

    /// One byte at a time: what follows the line belongs to whoever reads the terminal next.
    private func readByte() -> Int32 {
        while true {
            if isInterrupted { return -2 }
            EventLoop.shared.run(untilReadable: 0)
            if isInterrupted { return -2 }
            var byte: UInt8 = 0
            let count = read(0, &byte, 1)
            // A Ctrl-D that was typed while a statement ran is a NUL once editing begins (Linux's
            // n_tty marks an end of file so).
            if count > 0 { return byte == 0 ? 4 : Int32(byte) }
            if count == 0 || (errno != EAGAIN && errno != EINTR) { return -1 }
        }
    }
}
