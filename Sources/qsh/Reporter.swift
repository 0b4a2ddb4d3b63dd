import Glibc
import QshRuntime

/// Everything that qsh says beside its results: messages, and the state of long work.
///
/// On a terminal the state is one line that is redrawn in place, at most ten times a second.
/// Elsewhere it is a line when the activity changes, and one every ten seconds.
@LoopActor
final class Reporter {
    static let shared = Reporter()

    private let isTerminal =
        isatty(2) == 1 && getenv("TERM").map { strcmp($0, "dumb") != 0 } == true
    private var latest: ProgressReport?
    private var redraw: LoopTimer?
    private var isShown = false
    private var lastActivity: String?
    private var nextPlainLine = Deadline.now

    /// Prints a message, above the line that is being edited or the status line, if one is.
    func say(_ text: String) {
        if PromptOutput.shared.isNeeded {
            PromptOutput.shared.write(text.utf8)
            return
        }
        erase()
        StandardError.write(text)
        draw()
    }

    /// Shows how far long work has come; nil ends the status line.
    func progress(_ report: ProgressReport?) {
        guard let report else { return finish() }
        latest = report
        guard !PromptOutput.shared.isNeeded else { return }
        guard isTerminal else { return plain(report) }
        if redraw == nil {
            redraw = EventLoop.shared.at(.after(.milliseconds(100))) { [weak self] in
                self?.redraw = nil
                self?.draw()
            }
        }
    }

    private func finish() {
        redraw?.cancel()
        redraw = nil
        latest = nil
        lastActivity = nil
        erase()
    }

    private func plain(_ report: ProgressReport) {
        guard report.activity != lastActivity || nextPlainLine.hasPassed else { return }
        lastActivity = report.activity
        nextPlainLine = .after(.seconds(10))
        StandardError.write("qsh: \(report.line)\n")
    }

    private func draw() {
        guard isTerminal, let latest, !PromptOutput.shared.isNeeded else { return }
        let columns = TerminalSize(of: 2)?.columns ?? 80
        StandardError.write("\r\u{1B}[K" + String(latest.line.prefix(max(1, columns - 1))))
        isShown = true
    }

    private func erase() {
        guard isShown else { return }
        isShown = false
        StandardError.write("\r\u{1B}[K")
    }
}
