import QshRuntime
import SystemPackage
import Testing

@Suite struct QEMUArgumentsTests {
    @Test func theArticlesCommandLineComesOut() {
        var machine = MachineConfiguration(kernel: "bzImage", initramfs: "initramfs.img")
        machine.smp = .init(["cores": 1, "threads": 2])
        machine.memory = ByteSize(bytes: 1024 << 20)
        machine.append = KernelCommandLine("console=ttyS0")

        let arguments = QEMUArguments(machine, on: .kvm, .terminal).arguments

        #expect(
            arguments == [
                "-enable-kvm", "-machine", "q35", "-cpu", "host", "-kernel", "bzImage",
                "-smp", "cores=1,threads=2", "-m", "1024",
                "-append", "console=ttyS0 panic=-1 oops=panic console_msg_format=syslog", "-initrd",
                "initramfs.img",
                "-serial", "stdio", "-display", "none", "-nodefaults", "-no-reboot",
            ])
    }

    @Test func socketsReplaceTheTerminal() {
        let machine = MachineConfiguration(kernel: "k", initramfs: "i")

        let arguments = QEMUArguments(
            machine, on: .tcg, .descriptors(serial: 3, qmp: 4, agent: 5)
        ).arguments

        #expect(
            arguments == [
                "-accel", "tcg", "-machine", "q35", "-cpu", "max", "-kernel", "k", "-m", "512",
                "-append", "console=ttyS0 panic=-1 oops=panic console_msg_format=syslog", "-initrd",
                "i",
                "-chardev", "socket,id=qsh-serial,fd=3", "-serial", "chardev:qsh-serial",
                "-display", "none", "-nodefaults", "-no-reboot",
                "-chardev", "socket,id=qsh-qmp,fd=4", "-mon", "chardev=qsh-qmp,mode=control",
                "-chardev", "socket,id=qsh-agent,fd=5", "-device", "virtio-serial-pci,id=qsh-ports",
                "-device",
                "virtserialport,id=qsh-port,bus=qsh-ports.0,chardev=qsh-agent,name=org.qsh.agent",
            ])
    }

    /// What a change adds to the arguments of the plainest machine, and what it takes away.
    struct Change: Sendable {
        let name: String
        let make: @Sendable (inout MachineConfiguration) -> Void
        let added: [String]
        var removed: [String] = []
    }

    static let changes = [
        Change(name: "cpus", make: { $0.smp = .init(cpus: 4) }, added: ["-smp", "4"]),
        Change(
            name: "topology", make: { $0.smp = .init(["threads": 2, "sockets": 3, "cpus": 6]) },
            added: ["-smp", "cpus=6,sockets=3,threads=2"]),
        Change(name: "cpu", make: { $0.cpu = "qemu64" }, added: ["qemu64"], removed: ["max"]),
        Change(name: "machine", make: { $0.machine = "pc" }, added: ["pc"], removed: ["q35"]),
        Change(
            name: "memory", make: { $0.memory = ByteSize(bytes: 1 << 10) }, added: ["1K"],
            removed: ["512"]),
        Change(
            name: "arch", make: { $0.arch = .arm64 },
            added: ["virt", "cortex-a57", "panic=-1 oops=panic console_msg_format=syslog"],
            removed: ["q35", "max", "console=ttyS0 panic=-1 oops=panic console_msg_format=syslog"]),
        Change(
            name: "drive by path", make: { $0.drives = [QEMUOption("a b,c.img")] },
            added: ["-drive", "file=a b,,c.img,if=virtio"]),
        Change(
            name: "drive as QEMU", make: { $0.drives = [.init(parsing: "if=none,id=d,file=x")] },
            added: ["-drive", "if=none,id=d,file=x"]),
        Change(
            name: "drive without PCI",
            make: {
                $0.machine = "microvm"
                $0.drives = [QEMUOption("x.img")]
            },
            added: [
                "microvm", "-drive", "file=x.img,id=qsh-drive0,if=none", "-device",
                "virtio-blk-device,drive=qsh-drive0",
            ], removed: ["q35"]),
        Change(
            name: "firmware", make: { $0.firmware = "a,b.fd" }, added: ["-bios", "a,b.fd"]),
        Change(
            name: "netdev", make: { $0.netdevs = [QEMUOption("user")] },
            added: ["-netdev", "user,id=qsh-net0", "-device", "virtio-net-pci,netdev=qsh-net0"]),
        Change(
            name: "netdev on microvm",
            make: {
                $0.netdevs = [QEMUOption("user")]
                $0.machine = "microvm"
            },
            added: [
                "microvm", "-netdev", "user,id=qsh-net0", "-device",
                "virtio-net-device,netdev=qsh-net0",
            ], removed: ["q35"]),
        Change(
            name: "netdev with an id",
            make: {
                $0.netdevs = [.init(parsing: "user,id=n")]
                $0.devices = [.init(parsing: "e1000,netdev=n")]
            },
            added: ["-netdev", "user,id=n", "-device", "e1000,netdev=n"]),
        Change(
            name: "raw", make: { $0.args = ["-name", "a b; c"] }, added: ["-name", "a b; c"]),
        Change(
            name: "no kernel", make: { $0.kernel = nil }, added: [],
            removed: [
                "-kernel", "k", "-append",
                "console=ttyS0 panic=-1 oops=panic console_msg_format=syslog",
            ]),
        Change(
            name: "reboots", make: { $0.endsOnReboot = false }, added: [], removed: ["-no-reboot"]),
    ]

    @Test(arguments: changes) func oneOptionChangesOneThing(change: Change) {
        let plain = MachineConfiguration(kernel: "k")
        var changed = plain
        change.make(&changed)

        let before = QEMUArguments(plain, on: .tcg, .terminal).arguments
        let after = QEMUArguments(changed, on: .tcg, .terminal).arguments
        let difference = after.difference(from: before)

        let added = difference.insertions.map { change -> String in
            guard case .insert(_, let element, _) = change else { return "" }
            return element
        }
        let removed = difference.removals.map { change -> String in
            guard case .remove(_, let element, _) = change else { return "" }
            return element
        }
        #expect(added == change.added)
        #expect(removed == change.removed)
    }

    @Test(arguments: [
        ("-append", "option `args` cannot hold `-append`: the machine's `append` sets it"),
        ("--initrd", "option `args` cannot hold `--initrd`: the machine's `initramfs` sets it"),
        ("-M", "option `args` cannot hold `-M`: the machine's `machine` sets it"),
        ("-enable-kvm", "option `args` cannot hold `-enable-kvm`: the machine's `accel` sets it"),
        ("-qmp", "option `args` cannot hold `-qmp`: qsh owns the console and QMP"),
        ("-nographic", "option `args` cannot hold `-nographic`: qsh owns the console and QMP"),
    ])
    func refusesRawArgumentsThatItOwns(argument: String, message: String) {
        let error = #expect(throws: MachineConfigurationError.self) {
            try QEMUArguments.refuse(["-s", argument, "x"])
        }

        #expect(error?.description == message)
    }

    @Test func letsOtherRawArgumentsThrough() throws {
        try QEMUArguments.refuse(["-s", "-S", "-name", "append", "-device", "virtio-rng-pci"])
    }
}
