extension Arch {
    /// Why this host cannot boot a machine of this architecture; nil where it can, as far as that
    /// shows without fetching anything.
    ///
    /// - Parameter environment: qsh's own variables, for `PATH` and `QSH_QEMU`.
    @LoopActor
    public func obstacle(environment: [String: String]) async -> Diagnostic? {
        if isUserMode {
            guard programs != .ofHost else { return nil }
            return Diagnostic(
                .qemuDidNotStart,
                "machine of architecture \(self): it runs on an \(programs) host, "
                    + "this is \(Arch.ofHost)"
            )
        }
        do {
            let qemu = try QEMUBinary.locate(for: self, environment: environment)
            try await QEMUBinary.requireVersion(of: qemu, for: self)
            return nil
        } catch let error as any DiagnosticError {
            return error.diagnostic
        } catch {
            return Diagnostic(.qemuDidNotStart, "\(error)")
        }
    }
}
