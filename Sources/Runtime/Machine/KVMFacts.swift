import CLinux
import Glibc
import SystemPackage

/// What can be learnt about the host's KVM without running a guest.
///
/// That `/dev/kvm` opens and makes machines proves little: on a host that is itself a guest without
/// hardware virtualisation it was seen to do both, and Linux hung early. Such hosts show neither
/// `vmx` nor `svm`, and their KVM does not offer bits that every x86-64 processor has.
public struct KVMFacts: Sendable, Equatable {
    /// What stands in the way, the first that was found.
    public enum Obstacle: Sendable, Equatable {
        case otherArchitecture(host: String, guest: Arch)
        /// `/dev/kvm` could not be opened for reading and writing.
        case notOpened(Errno)
        case unknownVersion(Int32)
        case noMachine(Errno)
        /// Neither `vmx` nor `svm` in `/proc/cpuinfo`.
        case noHardwareVirtualization
        /// Processor features that KVM does not offer, by the names of `/proc/cpuinfo`.
        case missingFeatures([String])
    }

    /// ECX and EDX of a CPUID leaf.
    public struct Registers: Sendable, Equatable {
        let ecx: UInt32
        let edx: UInt32

        /// Makes a pair.
        public init(ecx: UInt32, edx: UInt32) { (self.ecx, self.edx) = (ecx, edx) }
    }

    /// `uname -m`.
    public var hostMachine: String
    /// Why `/dev/kvm` did not open; nil where it did.
    public var openError: Errno?
    /// `KVM_GET_API_VERSION`; 12 since Linux 2.6.22.
    public var apiVersion: Int32
    /// Why `KVM_CREATE_VM` failed; nil where it did not.
    public var createError: Errno?
    /// The `flags` of the first processor in `/proc/cpuinfo`.
    public var cpuFlags: Set<Substring>
    /// `KVM_GET_SUPPORTED_CPUID`, leaves 1 and 0x80000001; empty on other hosts than x86.
    public var leaves: [UInt32: Registers]

    /// The first thing that keeps a guest of `arch` from running under KVM; nil where none does.
    public func obstacle(for arch: Arch) -> Obstacle? {
        let host = Arch.named(hostMachine)
        // A 64-bit x86 processor runs 32-bit guests as they are.
        guard host == arch || (host == .x86_64 && arch == .i386) else {
            return .otherArchitecture(host: hostMachine, guest: arch)
        }
        if let openError { return .notOpened(openError) }
        if apiVersion != 12 { return .unknownVersion(apiVersion) }
        if let createError { return .noMachine(createError) }
        guard host == .x86_64 || host == .i386 else { return nil }
        if cpuFlags.isDisjoint(with: ["vmx", "svm"]) { return .noHardwareVirtualization }
        let missing = Self.baseline.filter { !offers($0) }.map(\.name)
        return missing.isEmpty ? nil : .missingFeatures(missing)
    }

    private struct Feature {
        let name: String
        let leaf: UInt32
        let bit: UInt32
        var isInECX = false
    }

    // What every x86-64 processor has and every distribution's kernel is built for.
    private static let baseline = [
        Feature(name: "fpu", leaf: 1, bit: 0), Feature(name: "tsc", leaf: 1, bit: 4),
        Feature(name: "msr", leaf: 1, bit: 5), Feature(name: "pae", leaf: 1, bit: 6),
        Feature(name: "cx8", leaf: 1, bit: 8), Feature(name: "apic", leaf: 1, bit: 9),
        Feature(name: "cmov", leaf: 1, bit: 15), Feature(name: "fxsr", leaf: 1, bit: 24),
        Feature(name: "sse2", leaf: 1, bit: 26),
        Feature(name: "pni", leaf: 1, bit: 0, isInECX: true),
        Feature(name: "cx16", leaf: 1, bit: 13, isInECX: true),
        Feature(name: "syscall", leaf: 0x8000_0001, bit: 11),
        Feature(name: "nx", leaf: 0x8000_0001, bit: 20),
        Feature(name: "lm", leaf: 0x8000_0001, bit: 29),
    ]

    private func offers(_ feature: Feature) -> Bool {
        guard let registers = leaves[feature.leaf] else { return false }
        return (feature.isInECX ? registers.ecx : registers.edx) >> feature.bit & 1 == 1
    }
}

extension KVMFacts {
    /// Asks the host; a few milliseconds.
    public static func ofHost() -> KVMFacts {
        var facts = KVMFacts(
            hostMachine: hostMachineName(), openError: nil, apiVersion: 0, createError: nil,
            cpuFlags: hostCPUFlags(), leaves: [:])
        let kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC)
        guard kvm >= 0 else {
            facts.openError = Errno(rawValue: errno)
            return facts
        }
        defer { close(kvm) }
        facts.apiVersion = qkvm_api_version(kvm)
        if qkvm_can_create_vm(kvm) != 0 { facts.createError = Errno(rawValue: errno) }
        for leaf: UInt32 in [1, 0x8000_0001] {
            var ecx: UInt32 = 0
            var edx: UInt32 = 0
            if qkvm_supported_cpuid(kvm, leaf, &ecx, &edx) == 0 {
                facts.leaves[leaf] = Registers(ecx: ecx, edx: edx)
            }
        }
        return facts
    }
}

extension KVMFacts.Obstacle {
    /// In words that end the sentence "kvm cannot be used: …".
    public var sentence: String {
        switch self {
        case .otherArchitecture(let host, let guest):
            "the guest is \(guest), but this host is \(host)"
        case .notOpened(.noSuchFileOrDirectory): "this host has no /dev/kvm"
        case .notOpened(.permissionDenied): "no permission to open /dev/kvm"
        case .notOpened(let errno): "/dev/kvm did not open: \(errno.lowercased)"
        case .unknownVersion(let version): "/dev/kvm speaks version \(version), expected 12"
        case .noMachine(let errno): "/dev/kvm opens, but makes no machine: \(errno.lowercased)"
        case .noHardwareVirtualization:
            "/dev/kvm opens, but the processor shows neither vmx nor svm"
        case .missingFeatures(let names):
            "/dev/kvm opens, but does not offer \(names.joined(separator: ", "))"
        }
    }

    /// One action, where there is one.
    public var hint: String? {
        switch self {
        case .notOpened(.permissionDenied):
            "join the group that owns it: sudo usermod -aG kvm \"$USER\", then log in again"
        case .notOpened(.noSuchFileOrDirectory):
            "load its module: sudo modprobe kvm_intel || sudo modprobe kvm_amd"
        default: nil
        }
    }
}

func hostMachineName() -> String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    return withUnsafeBytes(of: name.machine) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

private func hostCPUFlags() -> Set<Substring> {
    // The first processor's entry is well within this; the file grows with their number.
    guard let bytes = try? readSmallFile("/proc/cpuinfo", limit: 16 * 1024) else { return [] }
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        .first { $0.hasPrefix("flags") }
    return Set(line?.split { $0 == " " || $0 == "\t" } ?? [])
}
