import CEditlineShims
import CLinux
import Glibc
import QshRuntime

/// What a line editor asks of the session around it. Called on the loop's thread.
@LoopActor
protocol LineEditing: AnyObject, Sendable {
    /// What TAB does with the cursor behind `text`.
    func completion(of text: String) -> LineCompletion?
    /// Whether Enter goes on with the text instead of running it.
    func isIncomplete(_ text: String) -> Bool
}

/// What TAB does.
struct LineCompletion {
    /// Goes in at the cursor.
    var insertion = ""
    /// Shown above the line.
    var candidates: [String] = []
}

/// Reads inputs from the terminal through libedit while the event loop goes on.
///
/// libedit asks for one byte at a time; each question runs the loop until the terminal has one, so
/// machines are served while the user types. It must be called from outside the loop, on the loop's
/// thread, which is why it may be handed to what the loop runs.
final class LineEditor: LineSource, @unchecked Sendable {
    private(set) var isReading = false
    /// Whose names are completed.
    var session: (any LineEditing)?
    let history: History
    private var editor: OpaquePointer?
    private var guardian: OpaquePointer?
    private var isInterrupted = false
    /// What a callback returned last, which must stay valid until its next call.
    private var answer: UnsafeMutablePointer<CChar>?

    init?(history: History) {
        self.history = history
        let hasColour = Colour.isWanted(on: 1)
        let callbacks = qedit_callbacks(
            context: Unmanaged.passUnretained(self).toOpaque(),
            read_byte: { LineEditor.from($0)?.readByte() ?? -1 },
            complete: { context, line, cursor in
                LineEditor.answer(context, line) { $0.complete($1, cursor) }
            },
            enter: { context, text in
                LineEditor.answer(context, text) { $0.continuation(of: $1) }
            },
            recall: { context, direction, text in
                LineEditor.answer(context, text) { $0.history.recall(Int(direction), from: $1) }
            },
            suggest: { context, text in
                LineEditor.answer(context, text) { $0.history.suggestion(after: $1) }
            },
            highlight: { _, text, count, styles in
                guard let text, let styles else { return }
                LuaHighlighter.fill(
                    UnsafeMutableBufferPointer(start: styles, count: count),
                    for: UnsafeBufferPointer(start: text, count: count))
            })
        guard let opened = qedit_open(callbacks, hasColour ? 1 : 0) else { return nil }
        editor = opened
        guardian = qprompt_guard_open(0, qedit_has_escapes(opened))
        for entry in history.entries { entry.withCString { qedit_history_add(editor, $0) } }
    }

    deinit {
        qedit_close(editor)
        qprompt_guard_close(guardian)
        free(answer)
    }

    /// Whether an input of several lines is edited as one.
    var takesBlocks: Bool { qedit_has_escapes(editor) != 0 }

    /// Reads one input; Ctrl-C gives up what was typed, Ctrl-D where nothing is typed ends.
    func readLine(prompt: String) -> InputLine {
        isInterrupted = false
        isReading = true
        history.startInput()
        // Ctrl-Z: the shell must find the terminal as it left it.
        let watch = LoopActor.assumeIsolated { SignalWatch(SIGTSTP) { self.suspend() } }
        qprompt_guard_before(guardian)
        defer {
            qprompt_guard_away(guardian)
            isReading = false
            LoopActor.assumeIsolated { watch.cancel() }
        }
        var text: UnsafePointer<CChar>?
        var length = 0
        let isReady: @convention(c) (UnsafeMutableRawPointer?) -> Void = {
            qprompt_guard_editing(LineEditor.from($0)?.guardian)
        }
        let status = prompt.withCString { qedit_read(editor, $0, isReady, &text, &length) }
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
        history.add(entry)
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

    // MARK: callbacks

    private static func from(_ context: UnsafeMutableRawPointer?) -> LineEditor? {
        context.map { Unmanaged<LineEditor>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func answer(
        _ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>?,
        _ find: (LineEditor, String) -> String?
    ) -> UnsafePointer<CChar>? {
        guard let text, let editor = from(context), let found = find(editor, String(cString: text))
        else { return nil }
        free(editor.answer)
        editor.answer = strdup(found)
        return UnsafePointer(editor.answer)
    }

    private func complete(_ line: String, _ cursor: Int) -> String? {
        let before = String(decoding: Array(line.utf8.prefix(cursor)), as: UTF8.self)
        let found = LoopActor.assumeIsolated { [session] in
            Unsent(session?.completion(of: before))
        }
        guard let found = found.value else { return nil }
        if !found.candidates.isEmpty {
            above { StandardOutput.write(Self.columns(found.candidates)) }
        }
        return found.insertion
    }

    private func continuation(of text: String) -> String? {
        let isIncomplete = LoopActor.assumeIsolated { [session] in
            session?.isIncomplete(text) ?? false
        }
        return isIncomplete ? "\n" : nil
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
            // Whoever else stopped the loop: a read would stop the machines, too.
            var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            if poll(&input, 1, 0) <= 0 { continue }
            // The terminal sent the signal first; what is there by now was typed after Ctrl-C, for
            // the next line.
            if qsignal_is_pending(SIGINT) != 0 { continue }
            var byte: UInt8 = 0
            let count = read(0, &byte, 1)
            // A Ctrl-D that was typed while a statement ran is a NUL once editing begins (Linux's
            // n_tty marks an end of file so).
            if count > 0 { return byte == 0 ? 4 : Int32(byte) }
            if count == 0 || (errno != EAGAIN && errno != EINTR) { return -1 }
        }
    }
}
