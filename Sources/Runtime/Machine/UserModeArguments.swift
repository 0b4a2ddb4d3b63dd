import SystemPackage

/// Turns a configuration into the arguments of a user-mode Linux: the only place that spells them
/// (Documentation/virt/uml/user_mode_linux_howto_v2.rst of the kernel).
///
/// The kernel is a program of the host, so its own command line and what QEMU is told for other
/// machines stand side by side.
struct UserModeArguments: Equatable {
    private(set) var arguments: [String] = []

    init(_ configuration: MachineConfiguration, _ wiring: QEMUArguments.Wiring) {
        arguments.append("mem=\(configuration.memory.bytes >> 20)M")
        if let initramfs = configuration.initramfs { arguments.append("initrd=\(initramfs)") }
        for (index, drive) in configuration.drives.enumerated() {
            if let file = drive.leading ?? drive["file"] { arguments.append("ubd\(index)=\(file)") }
        }
        // Its serial lines would do for the agent's port, but for what the agent writes: a write
        // that does not wait gets stuck there.
        switch wiring {
        case .terminal: arguments.append("con0=fd:0,fd:1")
        case .descriptors(let serial, _, _, _, _):
            arguments.append("con0=fd:\(serial),fd:\(serial)")
        }
        // Else it would open terminals for the others, and run itself again at a reboot.
        arguments += ["con=null", "ssl=null", "noreboot"]
        arguments += configuration.append.withDefaults(for: configuration.arch).parameters
        let rest = configuration.append.initArguments
        if !rest.isEmpty { arguments += ["--"] + rest }
    }
}

extension MachineConfiguration {
    /// Refuses what a kernel that runs as a program has nothing for.
    ///
    /// - Throws: ``MachineConfigurationError/notInUserMode(option:)``.
    func validateUserMode() throws(MachineConfigurationError) {
        guard arch.isUserMode else { return }
        let given: [(String, Bool)] = [
            ("smp", smp != nil), ("cpu", cpu != nil), ("machine", machine != nil),
            ("qemu", qemu != nil), ("netdev", !netdevs.isEmpty), ("device", !devices.isEmpty),
            ("args", !args.isEmpty),
            ("drive", drives.contains { $0.leading == nil && $0["file"] == nil }),
        ]
        if let first = given.first(where: \.1) { throw .notInUserMode(option: first.0) }
    }
}
