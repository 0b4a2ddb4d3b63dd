import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// The contract on a real source tree, where `QSH_KCONFIG_SOURCES` names one (see
/// ``KconfigAgreementTests``); a minute of processor time for each.
@Suite struct KernelConfigureSourceTests {
    init() { TestLoop.start() }

    private static let sources = (getenv("QSH_KCONFIG_SOURCES").map { String(cString: $0) } ?? "")
        .split(separator: ":").map(String.init)

    @Test(
        .enabled(if: !sources.isEmpty, "QSH_KCONFIG_SOURCES names no source tree"),
        arguments: sources)
    @LoopActor
    func eachFragmentKeepsItsContractOnTinyconfig(_ source: String) async throws {
        let scratch = try TemporaryDirectory()
        let configure = KernelConfigure(
            tree: FilePath(source), arch: .x86_64, out: scratch.path)
        for fragment in KernelFragment.ofQsh {
            do {
                _ = try await configure.run(
                    .init(base: .target("tinyconfig"), fragments: [FilePath(fragment.name)]),
                    until: .after(.seconds(120)))
            } catch let error as any DiagnosticError {
                let said = error.diagnostic
                Issue.record("\(fragment.name): \(said.message) \(said.notes)")
            }
        }
    }

    @Test(
        .enabled(if: !sources.isEmpty, "QSH_KCONFIG_SOURCES names no source tree"),
        arguments: sources)
    @LoopActor
    func everyReasonIsNamed(_ source: String) async throws {
        let scratch = try TemporaryDirectory()
        let configure = KernelConfigure(
            tree: FilePath(source), arch: .x86_64, out: scratch.path)
        _ = try await configure.run(
            .init(base: .target("tinyconfig")), until: .after(.seconds(120)))
        let base = try KernelConfig.read(scratch.path)
        for (name, value) in [
            ("NETFILTER_XT_MATCH_OWNER", KernelConfig.Value.yes), ("VIRTIO", .yes),
            ("VIRTIO_BLOK", .yes), ("ARM64_PTR_AUTH", .yes), ("SMP", .module), ("E1000", .module),
            ("LOG_BUF_SHIFT", .number("99")), ("IRQ_DOMAIN", .no), ("KERNEL_GZIP", .yes),
            ("SLAB", .yes), ("CMDLINE", .string("console=ttyS0")), ("X86_64", .no),
            ("KASAN", .yes), ("DEBUG_INFO_BTF", .yes), ("PRINTK", .module),
            ("NR_CPUS", .number("4")),
            ("PROVE_LOCKING", .yes), ("DRM_I915", .yes), ("BTRFS_FS", .yes), ("KVM_INTEL", .yes),
            ("SND_HDA_INTEL", .module), ("USB_STORAGE", .yes), ("CRYPTO_SHA256", .module),
            ("BPF_SYSCALL", .yes), ("XFRM", .yes), ("KUNIT", .yes), ("GDB_SCRIPTS", .yes),
            ("RUST", .yes), ("MODULE_SIG", .yes), ("HIGHMEM64G", .yes), ("EFI_STUB", .yes),
            ("PHYSICAL_START", .number("33554432")), ("DEBUG_INFO", .yes), ("NET_9P_VIRTIO", .yes),
            ("PREEMPT_RT", .yes), ("NFSD", .yes), ("ACPI", .no), ("LTO_CLANG_THIN", .yes),
        ] {
            do {
                let result = try await configure.run(
                    .init(base: .config(base), set: [name: value]), until: .after(.seconds(120)))
                print("== \(name)=\(value): kept \(result.config[name].map { "\($0)" } ?? "nil")")
            } catch let error as any DiagnosticError {
                let notes = error.diagnostic.notes.joined(separator: "\n")
                print("== \(name)=\(value)\n\(notes)\n  hint: \(error.diagnostic.hint ?? "-")")
            }
        }
    }
}
