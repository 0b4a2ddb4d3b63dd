import Glibc
import SystemPackage
import Testing

@testable import QshRuntime

@Suite struct MachineErrorTests {
    private static func exit(
        _ cause: MachineExit.Cause, consoleBytes: Int = 100
    ) -> MachineError.Reason {
        .ended(
            MachineExit(
                cause: cause, process: .exited(0), consoleBytes: consoleBytes,
                elapsed: .seconds(1)))
    }

    private static let context = MachineError.Context(
        lastLines: ["one", "two"], consoleBytes: 8, transcript: "/run/x/console.log",
        reproduce: "qemu-system-x86_64 -m 512", qemuWords: "", consoleIsNamed: true)

    @Test(
        arguments: [
            (
                .refused(
                    words: "qemu-system-x86_64: warning: odd\n"
                        + "qemu-system-x86_64: -foo: invalid option\n", .exited(1)),
                "QEMU did not start: -foo: invalid option"
            ),
            (.refused(words: "", .exited(1)), "QEMU did not start: it ended with exit code 1"),
            (
                .refused(words: "ld.so: no libx\n", .exited(127)),
                "QEMU did not start: ld.so: no libx"
            ),
            (.mute(after: .seconds(30)), "QEMU did not start: no answer over QMP in 30.0 s"),
            (.stillRuns(after: .seconds(5)), "the machine still runs after 5.0 s"),
            (.immortal, "QEMU does not end: not even SIGKILL took effect"),
            (.noSockets(.tooManyOpenFiles), "cannot connect a machine: too many open files"),
            (exit(.powerOff), "the machine was switched off by its guest"),
            (exit(.reboot), "the machine was rebooted by its guest"),
            (exit(.silentReset), "the machine was reset, and its kernel said nothing of it"),
            (
                exit(.silentReset, consoleBytes: 0),
                "the machine was reset before it printed anything"
            ),
            (exit(.panic), "the kernel panicked, and printed nothing of it"),
            (
                exit(.crash(MachineExitTests.panic)),
                "the kernel panicked: Kernel panic - not syncing: x"
            ),
            (exit(.crash(MachineExitTests.oops)), "the kernel crashed: BUG: kernel NULL pointer"),
            (exit(.stopped(.terminate)), "the machine was ended by qsh (SIGTERM)"),
            (exit(.killed), "the machine was killed by qsh"),
            (exit(.internalError), "QEMU cannot go on running the guest: internal error"),
            (exit(.terminated), "QEMU was told to end by another program"),
            (exit(.died(.signalled(SIGSEGV))), "QEMU died: it was killed by signal 11 (SIGSEGV)"),
            (exit(.died(.signalled(40))), "QEMU died: it was killed by signal 40"),
            (exit(.died(.exited(1))), "QEMU died: it ended with exit code 1"),
        ] as [(MachineError.Reason, String)])
    func everyReasonHasItsSentence(reason: MachineError.Reason, message: String) {
        #expect(MachineError(reason, Self.context).description == message)
    }

    @Test func aRefusalShowsAllOfQEMUsWordsAndNoConsole() {
        let words = "qemu-system-x86_64: -M vax: unsupported machine type\nUse -machine help"
        var context = Self.context
        context.qemuWords = words
        context.consoleBytes = 0

        let diagnostic = MachineError(.refused(words: words, .exited(1)), context).diagnostic

        #expect(
            diagnostic
                == Diagnostic(
                    .qemuDidNotStart, "QEMU did not start: -M vax: unsupported machine type",
                    notes: [
                        "QEMU said:\n  qemu-system-x86_64: -M vax: unsupported machine type\n"
                            + "  Use -machine help"
                    ],
                    hint: "list what there is: `qemu-system-… -machine help`",
                    reproduce: "qemu-system-x86_64 -m 512"))
    }

    @Test func aPanicShowsTheKernelsReportInPlaceOfTheLastLines() {
        let reason = Self.exit(.crash(MachineExitTests.panic))

        let diagnostic = MachineError(reason, Self.context).diagnostic

        #expect(
            diagnostic
                == Diagnostic(
                    .panic, "the kernel panicked: Kernel panic - not syncing: x",
                    notes: [
                        "the kernel's report:\n  [    1.0] Kernel panic - not syncing: x",
                        "the whole console is in `/run/x/console.log`",
                    ], reproduce: "qemu-system-x86_64 -m 512"))
    }

    @Test func aDeadQEMUShowsTheLastLines() {
        let reason = Self.exit(.died(.signalled(SIGKILL)))

        let diagnostic = MachineError(reason, Self.context).diagnostic

        #expect(
            diagnostic.notes == [
                "last 2 lines:\n  one\n  two", "the whole console is in `/run/x/console.log`",
            ])
        #expect(
            diagnostic.hint == "if nobody killed it, the host ran out of memory: see `dmesg`")
    }

    @Test func silenceNamesTheMissingConsole() {
        var context = MachineError.Context()
        context.consoleIsNamed = false

        let diagnostic = MachineError(.stillRuns(after: .seconds(9)), context).diagnostic

        #expect(
            diagnostic
                == Diagnostic(
                    .noOutput, "the machine printed nothing in 9.0 s, and still runs",
                    hint: "name the serial port in `append`, such as `console=ttyS0`"))
    }

    @Test func anOrderlyEndAtTheWrongTimeIsTheRecipesFailure() {
        #expect(MachineError(Self.exit(.powerOff)).diagnostic.verdict == .recipeFailed)
    }
}
