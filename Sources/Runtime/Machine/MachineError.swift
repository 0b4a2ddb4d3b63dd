import Glibc
import SystemPackage

/// Why a machine could not be started, or did not do what it was asked.
public struct MachineError: DiagnosticError, Equatable {
    /// What went wrong.
    public enum Reason: Sendable, Equatable {
        /// QEMU ended before it ran the guest; its own words.
        case refused(words: String, ProcessExit)
        /// QEMU runs, but does not answer.
        case mute(after: Duration)
        /// The machine ended, and not well or not when it should have.
        case ended(MachineExit)
        /// It runs on beyond the limit of a wait.
        case stillRuns(after: Duration)
        /// It does not end, whatever is sent to it.
        case immortal
        /// The recipe does something else than the cassette that is played has.
        case replayDiffers(String)
        /// qsh cannot make the sockets it needs.
        case noSockets(Errno)
    }

    /// What a reader needs to go on from here.
    public struct Context: Sendable, Equatable {
        /// The newest lines of the console.
        public var lastLines: [String] = []
        /// What the guest has printed so far, in bytes.
        public var consoleBytes = 0
        /// Where the whole console is.
        public var transcript: FilePath?
        /// QEMU's command line, quoted for a shell, with the console on the terminal.
        public var reproduce: String?
        /// What QEMU said on its error stream.
        public var qemuWords = ""
        /// Whether the kernel was told to print on the device that qsh reads.
        public var consoleIsNamed = true
    }

    /// What went wrong.
    public let reason: Reason
    /// What to look at next.
    public let context: Context

    init(_ reason: Reason, _ context: Context = Context()) {
        self.reason = reason
        self.context = context
    }

    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(
            verdict, message, notes: notes, hint: hint,
            reproduce: isReplay ? nil : context.reproduce)
    }

    private var verdict: Verdict {
        switch reason {
        case .refused, .mute, .noSockets: .qemuDidNotStart
        case .ended(let exit): exit.verdict == .ok ? .recipeFailed : exit.verdict
        case .stillRuns: context.consoleBytes == 0 ? .noOutput : .timeout
        case .immortal: .hung
        case .replayDiffers: .recipeFailed
        }
    }

    private var isReplay: Bool {
        if case .replayDiffers = reason { true } else { false }
    }

    private var message: String {
        switch reason {
        case .refused(let words, let exit):
            "QEMU did not start: \(Self.firstWords(words) ?? exit.inWords)"
        case .mute(let limit): "QEMU did not start: no answer over QMP in \(limit.inSeconds)"
        case .ended(let exit): exit.inWords
        case .stillRuns(let limit) where context.consoleBytes == 0:
            "the machine printed nothing in \(limit.inSeconds), and still runs"
        case .stillRuns(let limit): "the machine still runs after \(limit.inSeconds)"
        case .immortal: "QEMU does not end: not even SIGKILL took effect"
        case .replayDiffers(let text): "replay: \(text)"
        case .noSockets(let errno): "cannot connect a machine: \(errno.lowercased)"
        }
    }

    private var notes: [String] {
        var notes: [String] = []
        if case .ended(let exit) = reason, case .crash(let report) = exit.cause {
            notes.append(Self.block("the kernel's report", report.lines))
        } else if case .refused = reason {
        } else if !context.lastLines.isEmpty {
            let count = context.lastLines.count
            notes.append(
                Self.block(count == 1 ? "last line" : "last \(count) lines", context.lastLines))
        }
        let words = context.qemuWords.split(separator: "\n").map(String.init)
        if words.count > (message.hasPrefix("QEMU did not start") ? 1 : 0) {
            notes.append(Self.block("QEMU said", words))
        }
        if let transcript = context.transcript, context.consoleBytes > 0 {
            notes.append("the whole console is in `\(transcript)`")
        }
        return notes
    }

    private var hint: String? {
        switch reason {
        case .refused(let words, _): Self.refusalHint(words)
        case .replayDiffers: "record it again with `qsh --record`, or correct the recipe"
        case .mute, .immortal: "look at the host: memory, processors, its own log"
        case .noSockets: "raise the limit of open files: ulimit -n 4096"
        case .stillRuns where context.consoleBytes == 0: silenceHint
        case .stillRuns: "raise the limit, or see above where the guest is"
        case .ended(let exit): endHint(exit)
        }
    }

    private var silenceHint: String {
        context.consoleIsNamed
            ? "check that the kernel has a driver for the console, and is for this machine"
            : "name the serial port in `append`, such as `console=ttyS0`"
    }

    private func endHint(_ exit: MachineExit) -> String? {
        switch exit.cause {
        case .crash(let report): report.hint
        case .silentReset where exit.consoleBytes == 0: silenceHint
        case .silentReset:
            #"a triple fault, most likely: see it with `args = { "-d", "int,cpu_reset" }`"#
        case .died(.signalled(SIGKILL)):
            "if nobody killed it, the host ran out of memory: see `dmesg`"
        case .died(.signalled): "QEMU itself crashed: try another version, or `accel = \"tcg\"`"
        case .internalError: #"set `accel = "tcg"`"#
        default: nil
        }
    }
}

extension MachineError {
    /// QEMU's first sentence in short, or the message where there is none.
    var firstWords: String { Self.firstWords(context.qemuWords) ?? message }

    /// QEMU's sentence without its own name in front.
    private static func firstWords(_ words: String) -> String? {
        // Warnings come first, and are not why it ended.
        let lines = words.split(separator: "\n")
        guard let line = lines.first(where: { !$0.contains("warning:") }) ?? lines.first else {
            return nil
        }
        guard line.hasPrefix("qemu"), let colon = line.firstRange(of: ": ") else {
            return String(line)
        }
        return String(line[colon.upperBound...])
    }

    private static let refusals: [(words: String, hint: String)] = [
        ("invalid option", "look at `args`: this QEMU has no such option"),
        ("unsupported machine type", "list what there is: `qemu-system-… -machine help`"),
        ("unable to find CPU model", "list what there is: `qemu-system-… -cpu help`"),
        ("is not a valid device model name", "list what there is: `qemu-system-… -device help`"),
        ("cannot set up guest memory", "give the machine less `memory`"),
        (
            "Failed to get \"write\" lock",
            "another machine uses the drive: end it, or make it"
                + " read-only"
        ),
        ("Could not open", "check the path of the drive"),
        ("Address already in use", "another program has the port: choose another one"),
    ]

    private static func refusalHint(_ words: String) -> String? {
        refusals.first { words.contains($0.words) }?.hint
    }

    private static func block(_ title: String, _ lines: [String]) -> String {
        ([title + ":"] + lines.map { "  " + $0 }).joined(separator: "\n")
    }
}

extension MachineExit {
    /// As a sentence.
    var inWords: String {
        switch cause {
        case .powerOff: "the machine was switched off by its guest"
        case .reboot: "the machine was rebooted by its guest"
        case .silentReset where consoleBytes == 0:
            "the machine was reset before it printed anything"
        case .silentReset: "the machine was reset, and its kernel said nothing of it"
        case .crash(let report): "the kernel \(report.verb): \(report.cause?.detail ?? "no detail")"
        case .panic: "the kernel panicked, and printed nothing of it"
        case .stopped(let step): "the machine was ended by qsh (\(step.rawValue))"
        case .killed: "the machine was killed by qsh"
        case .internalError: "QEMU cannot go on running the guest: internal error"
        case .terminated: "QEMU was told to end by another program"
        case .died(let exit): "QEMU died: \(exit.inWords)"
        }
    }
}

extension CrashReport {
    fileprivate var verb: String {
        switch cause?.kind.verdict {
        case .panic: "panicked"
        case .hung: "hangs"
        default: "crashed"
        }
    }
}

extension ProcessExit {
    /// As the end of a sentence.
    var inWords: String {
        switch self {
        case .exited(let status): "it ended with exit code \(status)"
        case .signalled(let number):
            "it was killed by signal \(number)" + (Self.names[number].map { " (\($0))" } ?? "")
        }
    }

    private static let names: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL",
        SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL",
        SIGSEGV: "SIGSEGV", SIGPIPE: "SIGPIPE", SIGTERM: "SIGTERM",
    ]
}
