import SystemPackage

/// What make itself said.
public struct KernelBuildFailure: DiagnosticError, Equatable {
    /// What was asked for.
    let targets: [String]
    /// How make ended.
    let exit: ProcessExit
    /// The first error, with its place.
    public let error: BuildRemark?
    /// The lines of it.
    let excerpt: [String]
    /// The target that failed.
    let failedTarget: String?
    /// The compiler's own command line, where it could be had.
    public internal(set) var command: String?
    /// All that was printed.
    public let log: FilePath
    /// The command that fails again.
    let reproduce: String
    /// Packages that would help.
    let packages: [String]

    @LoopActor
    init(_ log: KernelBuildLog, targets: [String], exit: ProcessExit, reproduce: String) {
        self.targets = targets
        self.exit = exit
        error = log.firstError
        excerpt = log.firstError == nil ? Array(log.lastLines.suffix(5)) : log.excerpt
        failedTarget = log.failedTarget
        self.log = log.path
        self.reproduce = reproduce
        packages = Self.packages(for: log.firstError)
    }

    /// The text of the error.
    public var diagnostic: Diagnostic {
        let what = "build of `\(targets.joined(separator: " "))`: "
        var notes: [String] = []
        if excerpt.count > 1 || error == nil, !excerpt.isEmpty {
            notes.append("make said:\n" + excerpt.joined(separator: "\n"))
        }
        if let failedTarget { notes.append("the target that failed is `\(failedTarget)`") }
        if let command { notes.append("the command that failed: \(command)") }
        notes.append("the whole log is in `\(log)`")
        return Diagnostic(
            .buildFailed, what + why, notes: notes, hint: hint, reproduce: reproduce)
    }

    private var why: String {
        if let error { return error.displayed }
        if case .signalled(let number) = exit { return "signal \(number) killed make" }
        return "make ended with status \(exit.shellStatus)"
    }

    private var hint: String? {
        if isDiskFull { return "free some space, for example with `qsh cache clean`" }
        if !packages.isEmpty, let manager = PackageManager.ofHost {
            return manager.installCommand(packages)
        }
        if let error, error.text.contains("Killed") {
            return "a compiler was killed, most often for want of memory: try fewer `jobs`"
        }
        return nil
    }

    private var isDiskFull: Bool {
        excerpt.contains { $0.contains("No space left on device") }
    }

    /// For `/bin/sh: 1: lzop: not found` and for headers.
    private static func packages(for error: BuildRemark?) -> [String] {
        guard let error else { return [] }
        if error.text.contains("not found") {
            let parts = error.text.split(separator: ": ")
            guard parts.count >= 2 else { return [] }
            let name = String(parts[parts.count - 2])
            let known = [
                "depmod": "kmod", "xz": "xz-utils", "pahole": "dwarves", "python3": "python3",
            ]
            return [known[name] ?? name]
        }
        let headers = ["gelf.h": "libelf-dev", "libelf.h": "libelf-dev", "openssl/": "libssl-dev"]
        for (header, package) in headers where error.text.contains(header) { return [package] }
        return []
    }
}
