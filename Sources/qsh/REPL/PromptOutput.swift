import QshRuntime

/// Puts output that comes while a line is edited above that line.
///
/// Whole lines are shown at once, at most 20 times a second; the beginning of a line waits a
/// little for the rest, since the prompt must start on a line of its own.
@LoopActor
final class PromptOutput {
    static let shared = PromptOutput()

    /// The editor whose line is in the way; nil where none is.
    var editor: LineEditor?
    private var held: [UInt8] = []
    private var showing: LoopTimer?
    private var completing: LoopTimer?

    /// Whether output must go through here now.
    var isNeeded: Bool { editor?.isReading == true }

    /// Takes output for the terminal while a line is edited; else prints it.
    func write(_ bytes: some Sequence<UInt8>) {
        held += bytes
        guard isNeeded else { return finish() }
        if showing == nil {
            showing = EventLoop.shared.at(.after(.milliseconds(50))) { [weak self] in
                self?.showLines()
            }
        }
        if completing == nil {
            completing = EventLoop.shared.at(.after(.milliseconds(400))) { [weak self] in
                self?.showAll()
            }
        }
    }

    /// Prints what is held as it is: the line has been entered, or nobody edits.
    func finish() {
        forget()
        guard !held.isEmpty else { return }
        StandardOutput.write(String(decoding: held, as: UTF8.self))
        held = []
    }

    private func showLines() {
        showing = nil
        guard let end = held.lastIndex(of: UInt8(ascii: "\n")) else { return }
        let lines = Array(held[...end])
        held.removeSubrange(...end)
        show(lines)
    }

    private func showAll() {
        forget()
        guard !held.isEmpty else { return }
        let text = held
        held = []
        show(text)
    }

    private func show(_ bytes: [UInt8]) {
        guard isNeeded, let editor else {
            held = bytes + held
            return finish()
        }
        editor.above {
            bytes.withUnsafeBytes { StandardOutput.write($0) }
            if bytes.last != UInt8(ascii: "\n") { StandardOutput.write("\n") }
        }
    }

    private func forget() {
        showing?.cancel()
        completing?.cancel()
        showing = nil
        completing = nil
    }
}
