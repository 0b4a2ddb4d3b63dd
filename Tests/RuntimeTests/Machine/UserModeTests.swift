import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct UserModeTests {
    private func configuration(
        _ change: (inout MachineConfiguration) -> Void = { _ in }
    ) -> MachineConfiguration {
        var configuration = MachineConfiguration(
            arch: .um, kernel: "/k/linux.uml", initramfs: "/r.img")
        change(&configuration)
        return configuration
    }

    @Test func theKernelIsTheProgram() {
        let configuration = configuration {
            $0.append = KernelCommandLine("quiet -- one")
            $0.drives = [QEMUOption("a b.img"), QEMUOption(parsing: "file=c.img,format=raw")]
        }

        #expect(
            UserModeArguments(
                configuration, .descriptors(serial: 3, qmp: 4, agent: nil)
            ).arguments == [
                "mem=512M", "initrd=/r.img", "ubd0=a b.img", "ubd1=c.img", "con0=fd:3,fd:3",
                "con=null", "ssl=null", "noreboot", "quiet", "panic=-1", "oops=panic",
                "console_msg_format=syslog", "--", "one",
            ])
        #expect(
            self.configuration().commandLine(on: .host)
                == "/k/linux.uml mem=512M initrd=/r.img con0=fd:0,fd:1 con=null ssl=null noreboot"
                + " panic=-1 oops=panic console_msg_format=syslog")
    }

    @Test func whatIsAboutQEMUIsRefused() throws {
        let error = #expect(throws: MachineConfigurationError.self) {
            try configuration { $0.smp = .init(cpus: 2) }.validateUserMode()
        }

        #expect(
            error?.diagnostic
                == Diagnostic(
                    .usage, "option `smp`: a machine of architecture um has no QEMU to take it",
                    hint: "leave it out, or take another `arch`"))
        try configuration().validateUserMode()
    }

    @Test func runsTheHostsPrograms() {
        #expect(Arch.um.programs == .x86_64)
        #expect(Arch.named("um") == .um)
        #expect(!Arch.all.contains(.um))
    }

    @Test(
        arguments: [
            ("reboot: System halted", .powerOff), ("reboot: Restarting system", .reboot),
            ("nothing", .died(.exited(0))),
        ] as [(String, MachineExit.Cause)])
    func itsLastLineIsItsEnd(line: String, cause: MachineExit.Cause) {
        #expect(MachineObservations(process: .exited(0), lastLines: [line]).cause == cause)
    }
}
