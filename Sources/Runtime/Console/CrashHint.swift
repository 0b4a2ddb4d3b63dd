extension CrashReport {
    /// What the user can do about it; nil where nothing general can be said.
    public var hint: String? {
        guard let detail = cause?.detail else { return nil }
        if detail.contains("Attempted to kill init!") { return CrashReport.initHint(detail) }
        for (words, hint) in CrashReport.hints where detail.contains(words) { return hint }
        return nil
    }

    private static let hints: [(words: String, hint: String)] = [
        (
            "Unable to mount root fs",
            "give the machine an `initramfs`, or name the root with `root=` in `append`"
        ),
        ("No working init found", "put an executable `/init` into the initramfs"),
        (
            "Requested init ",
            "the program named by `init=` or `rdinit=` is missing or cannot run: check its path, "
                + "mode and interpreter"
        ),
        ("out of memory", "give the machine more `memory`"),
        ("Out of memory", "give the machine more `memory`"),
        ("System is deadlocked on memory", "give the machine more `memory`"),
        (
            "IO-APIC + timer doesn't work",
            "the host is too slow for the timer check: add `no_timer_check` to `append`"
        ),
    ]

    /// `exitcode` is what `wait` gives: the exit code in bits 8 to 15, a signal in bits 0 to 6.
    private static func initHint(_ detail: String) -> String {
        let digits = detail.split(separator: "exitcode=0x").dropFirst().first?
            .prefix { $0.isHexDigit }
        guard let digits, let status = Int(digits, radix: 16) else {
            return "init ended: it must run as long as the machine"
        }
        let signal = status & 0x7F
        if signal != 0 { return "init was killed by signal \(signal)" }
        let code = status >> 8 & 0xFF
        switch code {
        case 0: return "init ended with exit code 0: it must run as long as the machine"
        case 126: return "init ended with exit code 126: a program it runs is not executable"
        case 127: return "init ended with exit code 127: a program it runs was not found"
        default: return "init ended with exit code \(code)"
        }
    }
}
