/// The kernel's own lines, and the judgement which stamped lines are its own.
///
/// `dmesg` in the guest prints the same stamps again. The first stamped line after something else
/// is a replay, and so the program's, where the kernel's clock is past it or where it repeats a
/// line; the lines behind it are what it is. (The clock alone does not tell: a CPU that comes up
/// may print a stamp of zero in the middle of a boot.)
struct KernelLog {
    /// Who wrote a stamped line.
    enum Origin {
        case kernel
        /// A program, which repeats what the console has shown before.
        case replay
        /// A program, which shows what the console has not shown (it may be set to be quiet).
        case replayOfUnseen
    }

    /// The newest lines.
    private(set) var lines: [KernelLine] = []
    /// How many older lines were dropped.
    private(set) var dropped = 0
    /// Whether any stamped line has been seen.
    private(set) var hasStamps = false

    /// Records of different CPUs may reach the console a little out of order.
    private static let slack: Int64 = 1_000_000
    /// How many of the newest lines are compared with a suspect.
    private static let compared = 512

    private let limit: Int
    private var newest: Int64 = -1
    private var isReplaying = false
    /// Whether anybody but the kernel has written since its last line.
    var programSpoke = false
    /// Whether something has been typed: from then on a stamp of zero cannot be news.
    var hasInput = false

    init(limit: Int) { self.limit = max(limit, 1) }

    /// Judges a line and keeps it where it is the kernel's own.
    mutating func take(_ line: KernelLine) -> Origin {
        hasStamps = true
        let isReplay = programSpoke ? isReplay(line) : isReplaying
        isReplaying = isReplay
        programSpoke = false
        if isReplay { return line.microseconds > newest ? .replayOfUnseen : .replay }
        newest = max(newest, line.microseconds)
        if restartsClock(line.text) { newest = -1 }
        append(line)
        return .kernel
    }

    /// Forgets the clock: the guest was reset.
    mutating func restart() {
        newest = -1
        isReplaying = false
        hasInput = false
    }

    private func isReplay(_ line: KernelLine) -> Bool {
        if line.microseconds < newest - KernelLog.slack { return true }
        if hasInput, line.microseconds == 0 { return true }
        guard line.microseconds <= newest else { return false }
        return lines.suffix(KernelLog.compared).contains {
            $0.microseconds == line.microseconds && $0.text == line.text
        }
    }

    /// After these the stamps begin again from zero.
    private func restartsClock(_ text: [UInt8]) -> Bool {
        for words in ["reboot: Restarting system", "kexec_core: Starting new kernel"]
        where text.starts(with: words.utf8) {
            return true
        }
        return text.starts(with: "sysrq: Resetting".utf8)
    }

    private mutating func append(_ line: KernelLine) {
        lines.append(line)
        if lines.count >= limit * 2 {
            dropped += lines.count - limit
            lines.removeFirst(lines.count - limit)
        }
    }
}
