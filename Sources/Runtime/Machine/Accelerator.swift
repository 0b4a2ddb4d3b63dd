/// What runs the guest's instructions.
public enum Accelerator: String, Sendable, CaseIterable {
    /// The host's processor, through Linux's KVM.
    case kvm
    /// QEMU's translator: slow, and the same everywhere.
    case tcg
    /// None: the kernel is a program of the host (user-mode Linux).
    case host

    /// What a recipe may ask for (`accel`).
    public enum Request: String, Sendable, CaseIterable {
        /// KVM where a probe finds it trustworthy, else TCG.
        case auto
        /// KVM or an error.
        case kvm
        case tcg
    }

    /// A decision and the reason for it.
    public struct Choice: Sendable, Equatable {
        /// What runs the guest.
        public let accelerator: Accelerator
        /// In words that end the sentence "tcg, because …".
        public let reason: String
        /// Whether qsh decided, so that it may decide again when the guest stays silent.
        public let wasAutomatic: Bool

        /// One line for the step log.
        public var line: String { "accelerator: \(accelerator.rawValue): \(reason)" }
    }

    /// Decides for a guest of `arch`.
    ///
    /// - Parameter facts: what is known of the host's KVM; looked up only where it matters.
    /// - Throws: ``AcceleratorError`` where KVM is required and cannot be had.
    public static func choose(
        _ request: Request, for arch: Arch, facts: () -> KVMFacts = KVMFacts.ofHost
    ) throws(AcceleratorError) -> Choice {
        if arch.isUserMode {
            return Choice(.host, "the kernel runs as a program", wasAutomatic: false)
        }
        if request == .tcg { return Choice(.tcg, "the recipe asked for it", wasAutomatic: false) }
        let obstacle = facts().obstacle(for: arch)
        switch (request, obstacle) {
        case (.kvm, let obstacle?): throw AcceleratorError(obstacle: obstacle)
        case (.kvm, nil): return Choice(.kvm, "the recipe asked for it", wasAutomatic: false)
        case (_, let obstacle?): return Choice(.tcg, obstacle.sentence, wasAutomatic: true)
        case (_, nil): return Choice(.kvm, "/dev/kvm works on this host", wasAutomatic: true)
        }
    }
}

extension Accelerator.Choice {
    init(_ accelerator: Accelerator, _ reason: String, wasAutomatic: Bool) {
        self.init(accelerator: accelerator, reason: reason, wasAutomatic: wasAutomatic)
    }
}

/// KVM was required and is not there.
public struct AcceleratorError: DiagnosticError, Equatable {
    /// What is missing.
    public let obstacle: KVMFacts.Obstacle

    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(
            .qemuDidNotStart, "accelerator `kvm` cannot be used: \(obstacle.sentence)",
            hint: obstacle.hint ?? #"set `accel = "auto"` to run without it"#)
    }
}
