import SystemPackage
import Testing

@testable import QshRuntime

@Suite struct AcceleratorTests {
    /// A host on which KVM works.
    private static let good = KVMFacts(
        hostMachine: "x86_64", openError: nil, apiVersion: 12, createError: nil,
        cpuFlags: ["fpu", "svm"],
        leaves: [
            1: .init(ecx: 1 | 1 << 13, edx: .max), 0x8000_0001: .init(ecx: 0, edx: .max),
        ])

    struct Case: Sendable {
        let spoil: @Sendable (inout KVMFacts) -> Void
        let line: String
    }

    static let cases = [
        Case(spoil: { _ in }, line: "accelerator: kvm: /dev/kvm works on this host"),
        Case(
            spoil: { $0.openError = .noSuchFileOrDirectory },
            line: "accelerator: tcg: this host has no /dev/kvm"),
        Case(
            spoil: { $0.openError = .permissionDenied },
            line: "accelerator: tcg: no permission to open /dev/kvm"),
        Case(
            spoil: { $0.apiVersion = 11 },
            line: "accelerator: tcg: /dev/kvm speaks version 11, expected 12"),
        Case(
            spoil: { $0.createError = .resourceBusy },
            line: "accelerator: tcg: "
                + "/dev/kvm opens, but makes no machine: device or resource busy"),
        Case(
            spoil: { $0.cpuFlags = ["fpu", "hypervisor"] },
            line: "accelerator: tcg: /dev/kvm opens, but the processor shows neither vmx nor svm"),
        Case(
            spoil: { $0.leaves[1] = .init(ecx: 0, edx: .max) },
            line: "accelerator: tcg: /dev/kvm opens, but does not offer pni, cx16"),
        Case(
            spoil: { $0.hostMachine = "aarch64" },
            line: "accelerator: tcg: the guest is x86_64, but this host is aarch64"),
    ]

    @Test(arguments: cases) func autoSaysWhatItChoseAndWhy(test: Case) throws {
        var facts = Self.good
        test.spoil(&facts)

        let choice = try Accelerator.choose(.auto, for: .x86_64) { facts }

        #expect(choice.line == test.line)
        #expect(choice.wasAutomatic)
    }

    @Test func requiredKVMNamesWhatIsMissing() {
        var facts = Self.good
        facts.openError = .permissionDenied

        let error = #expect(throws: AcceleratorError.self) {
            try Accelerator.choose(.kvm, for: .x86_64) { facts }
        }

        #expect(
            error?.diagnostic
                == Diagnostic(
                    .qemuDidNotStart,
                    "accelerator `kvm` cannot be used: no permission to open /dev/kvm",
                    hint: "join the group that owns it: sudo usermod -aG kvm \"$USER\", then log in"
                        + " again"))
    }

    @Test func tcgDoesNotLookAtTheHost() throws {
        let choice = try Accelerator.choose(.tcg, for: .x86_64) {
            Issue.record("probed")
            return Self.good
        }

        #expect(choice.line == "accelerator: tcg: the recipe asked for it")
    }

    @Test func theHostAnswersWithinATenthOfASecond() throws {
        let start = Deadline.now

        let facts = KVMFacts.ofHost()

        #expect(Deadline.now - start < .milliseconds(100))
        let isX86 = Arch.named(facts.hostMachine) == .x86_64
        if isX86 && facts.cpuFlags.isDisjoint(with: ["vmx", "svm"]) {
            #expect(try Accelerator.choose(.auto, for: .x86_64) { facts }.accelerator == .tcg)
        }
    }
}
