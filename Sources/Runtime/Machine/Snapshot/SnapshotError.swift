import SystemPackage

/// Why a snapshot could not be taken or restored.
public enum SnapshotError: DiagnosticError, Equatable {
    /// QEMU could not save the guest; its words.
    case notSaved(String)
    /// QEMU could not go on from the saved state; its words.
    case notRestored(String)
    /// The host has no memory or descriptors left for it.
    case noRoom(Errno)
    /// A drive could not be copied; its words.
    case driveNotCopied(String, String)
    /// The guest's network could not be given addresses of its own; its words.
    case notReaddressed(String)

    /// The text of the error.
    public var diagnostic: Diagnostic {
        switch self {
        case .notSaved(let words):
            Diagnostic(
                .recipeFailed, "snapshot: QEMU could not save the guest: \(words)",
                hint: words.contains("VirtFS")
                    ? "unmount the shared folder in the guest first" : nil)
        case .notRestored(let words):
            Diagnostic(.qemuDied, "restore: QEMU could not go on from the snapshot: \(words)")
        case .notReaddressed(let words):
            Diagnostic(
                .recipeFailed, "restore: the guest's network keeps the base's addresses: \(words)",
                hint: "the guest needs `ip`, which qsh's busybox has")
        case .noRoom(let errno):
            Diagnostic(.recipeFailed, "snapshot: no room for it: \(errno.lowercased)")
        case .driveNotCopied(let drive, let words):
            Diagnostic(.recipeFailed, "snapshot: drive `\(drive)` could not be copied: \(words)")
        }
    }
}
