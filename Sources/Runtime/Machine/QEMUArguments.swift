import SystemPackage

/// Turns a configuration into QEMU's arguments: the only place that spells them.
///
/// Pure, so that a table can test it. One element of the result is one element of argv: nothing is
/// ever split on spaces.
public struct QEMUArguments: Sendable, Equatable {
    /// How the machine's console and control sockets are connected.
    public enum Wiring: Sendable, Equatable {
        /// Console on the terminal, nothing else: for a person to paste.
        case terminal
        /// Sockets that QEMU inherits, by descriptor number; `agent` is nil without the port.
        case descriptors(serial: Int32, qmp: Int32, agent: Int32?)
    }

    /// Name of the agent's virtio port, seen in the guest as `/dev/virtio-ports/NAME`.
    public static let agentPortName = "org.qsh.agent"

    /// Id of the serial port's character device, for QMP.
    static let serialName = "qsh-serial"

    /// argv without the program's own name.
    public private(set) var arguments: [String] = []

    /// Makes the arguments for one run.
    ///
    /// Raw `args` are taken as they are: check them with ``refuse(_:)`` first.
    public init(
        _ configuration: MachineConfiguration, on accelerator: Accelerator, _ wiring: Wiring
    ) {
        addProcessor(configuration, accelerator)
        if let firmware = configuration.firmware { arguments += ["-bios", firmware.string] }
        addKernel(configuration)
        addConsole(wiring)
        arguments += ["-display", "none", "-nodefaults"]
        if configuration.endsOnReboot { arguments += ["-no-reboot"] }
        if configuration.startsPaused { arguments += ["-S"] }
        addControl(wiring, configuration)
        addDrives(configuration.drives, configuration.virtio)
        addNetwork(configuration.netdevs, configuration)
        if configuration.hasDisplay { addDisplay(configuration) }
        for device in configuration.devices { arguments += ["-device", device.text] }
        arguments += configuration.args
    }

    private mutating func addProcessor(
        _ configuration: MachineConfiguration, _ accelerator: Accelerator
    ) {
        let arch = configuration.arch
        arguments += accelerator == .kvm ? ["-enable-kvm"] : ["-accel", "tcg"]
        arguments += ["-machine", configuration.machine ?? arch.qemu.machine]
        arguments += [
            "-cpu", configuration.cpu ?? (accelerator == .kvm ? "host" : arch.qemu.cpuUnderTCG),
        ]
    }

    private mutating func addKernel(_ configuration: MachineConfiguration) {
        if let kernel = configuration.kernel { arguments += ["-kernel", kernel.string] }
        if let smp = configuration.smp { arguments += ["-smp", smp.option.text] }
        arguments += ["-m", configuration.memory.qemuMemory]
        // QEMU refuses `-append` and `-initrd` without `-kernel`.
        guard configuration.kernel != nil else { return }
        arguments += ["-append", configuration.append.withDefaults(for: configuration.arch).text]
        if let initramfs = configuration.initramfs { arguments += ["-initrd", initramfs.string] }
    }

    private mutating func addConsole(_ wiring: Wiring) {
        switch wiring {
        case .terminal:
            arguments += ["-serial", "stdio"]
        case .descriptors(let serial, _, _):
            addSocket(Self.serialName, serial)
            arguments += ["-serial", "chardev:\(Self.serialName)"]
        }
    }

    private mutating func addControl(_ wiring: Wiring, _ configuration: MachineConfiguration) {
        guard case .descriptors(_, let qmp, let agent) = wiring else { return }
        addSocket("qsh-qmp", qmp)
        arguments += ["-mon", "chardev=qsh-qmp,mode=control"]
        guard let agent else { return }
        addSocket("qsh-agent", agent)
        addDevice("virtio-serial-\(configuration.virtio.rawValue)", [.init("id", "qsh-ports")])
        addDevice(
            "virtserialport",
            [
                .init("bus", "qsh-ports.0"), .init("chardev", "qsh-agent"),
                .init("name", Self.agentPortName),
            ])
    }

    private mutating func addDrives(
        _ drives: [QEMUOption], _ transport: Arch.VirtioTransport
    ) {
        for (index, var drive) in drives.enumerated() {
            if let file = drive.leading, !file.hasPrefix("{") {
                drive.leading = nil
                drive.properties.insert(.init("file", file), at: 0)
            }
            guard drive["if"] == nil, transport == .mmio else {
                if drive["if"] == nil { drive.properties.append(.init("if", "virtio")) }
                arguments += ["-drive", drive.text]
                continue
            }
            // QEMU takes `if=virtio` for a PCI device, whatever the machine has.
            let id = drive["id"] ?? "qsh-drive\(index)"
            if drive["id"] == nil { drive.properties.append(.init("id", id)) }
            drive.properties.append(.init("if", "none"))
            arguments += ["-drive", drive.text]
            addDevice("virtio-blk-\(transport.rawValue)", [.init("drive", id)])
        }
    }

    private mutating func addNetwork(
        _ netdevs: [QEMUOption], _ configuration: MachineConfiguration
    ) {
        for (index, var netdev) in netdevs.enumerated() {
            let isOwn = netdev["id"] == nil
            if isOwn { netdev.properties.append(.init("id", "qsh-net\(index)")) }
            arguments += ["-netdev", netdev.text]
            guard isOwn else { continue }
            addDevice(
                "virtio-net-\(configuration.virtio.rawValue)",
                [.init("netdev", "qsh-net\(index)")])
        }
    }

    private mutating func addDisplay(_ configuration: MachineConfiguration) {
        if configuration.hasPCKeyboard { return addDevice("VGA", []) }
        addDevice("virtio-gpu-\(configuration.virtio.rawValue)", [])
        addDevice("virtio-keyboard-\(configuration.virtio.rawValue)", [])
    }

    private mutating func addSocket(_ id: String, _ descriptor: Int32) {
        arguments += ["-chardev", "socket,id=\(id),fd=\(descriptor)"]
    }

    private mutating func addDevice(_ driver: String, _ properties: [QEMUOption.Property]) {
        arguments += ["-device", QEMUOption(driver, properties).text]
    }
}

extension MachineConfiguration {
    /// How devices are plugged into this machine, which its type may decide against its row.
    var virtio: Arch.VirtioTransport {
        machine?.hasPrefix("microvm") == true ? .mmio : arch.virtio
    }
}

extension MachineConfiguration {
    /// Whether the board itself has the keyboard controller of a PC.
    var hasPCKeyboard: Bool { (arch == .x86_64 || arch == .i386) && virtio == .pci }
}

extension QEMUArguments {
    /// Refuses raw arguments that say again, or against qsh, what an option of the machine says.
    ///
    /// - Throws: ``MachineConfigurationError/ownedArgument(_:key:)``.
    public static func refuse(_ args: [String]) throws(MachineConfigurationError) {
        for argument in args where argument.hasPrefix("-") {
            // QEMU takes both `-name` and `--name`.
            let name = argument.drop { $0 == "-" }
            guard let owner = owned.first(where: { $0.names.contains(name) }) else { continue }
            throw .ownedArgument(argument, key: owner.key)
        }
    }

    private static let owned: [(names: Set<Substring>, key: String?)] = [
        (["append"], "append"), (["kernel"], "kernel"), (["initrd"], "initramfs"),
        (["m"], "memory"), (["smp"], "smp"), (["cpu"], "cpu"), (["machine", "M"], "machine"),
        (["accel", "enable-kvm", "no-kvm"], "accel"),
        (
            [
                "serial", "qmp", "qmp-pretty", "mon", "monitor", "nographic", "display", "curses",
                "vnc", "sdl", "daemonize", "nodefaults", "no-reboot", "action",
            ], nil
        ),
    ]
}
