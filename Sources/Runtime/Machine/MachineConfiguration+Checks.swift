import Glibc
import SystemPackage

extension MachineConfiguration {
    /// Checks everything that can be checked without QEMU.
    ///
    /// - Throws: what ``Machine/boot(_:root:name:environment:runs:console:kvm:log:onConsole:)``
    ///   lists.
    public func validate() throws {
        try QEMUArguments.refuse(args)
        try validateUserMode()
        if let kernel {
            try KernelImage.identify(kernel).require(arch)
            try append.withDefaults(for: arch).validate(for: arch)
        }
        if let initramfs { try Self.requireFile(initramfs, "initramfs") }
        for share in shares where !FileTree.isFolder(share.path) {
            throw MachineConfigurationError.noFolder(option: "share", share.path)
        }
        if let transcript, !FileTree.isFolder(transcript) {
            throw MachineConfigurationError.noFolder(option: "transcript", transcript)
        }
    }

    /// Finds what the kernel would do with the initramfs other than meant, by its own rules.
    ///
    /// - Parameter root: the tree that takes the place of ``initramfs``.
    /// - Returns: what is odd, but may be meant so.
    /// - Throws: ``InitramfsError`` where the kernel could not start its init.
    func lint(_ root: InitramfsTree?) async throws -> [String] {
        // With a root file system elsewhere, an image may well have no init.
        guard lintsInitramfs, kernel != nil, append.value(of: "root") == nil else { return [] }
        var target = InitramfsLint.Target()
        target.arch = arch
        target.machine = arch.elf.machine
        if var path = append.value(of: "rdinit") {
            if path == InitramfsTree.guestAgentPath {
                path = (root ?? overlay)?.initBehindGuestAgent ?? path
            }
            target.initPath = Array(path.utf8.drop { $0 == UInt8(ascii: "/") })
        }
        let findings: [InitramfsFinding]
        if let root {
            findings = try InitramfsLint.lint(tree: root, for: target)
        } else if let initramfs {
            if let kernel, let image = try? KernelImage.identify(kernel) {
                target.configuration = KernelSurroundings(image).config
            }
            findings = try await InitramfsLint.findings(of: initramfs, for: target)
        } else {
            return []
        }
        let name = root == nil ? initramfs?.string ?? "" : "root"
        if let error = InitramfsLint.refusal(findings, of: name) { throw error }
        return findings.filter { $0.severity == .warning }
            .map { "initramfs `\(name)`: \($0.message)" }
    }

    /// The command line that a person can paste, without running anything.
    public func commandLine(on accelerator: Accelerator) -> String {
        let program = qemu?.string ?? arch.qemu.binary
        if arch.isUserMode {
            let program = kernel?.string ?? arch.qemu.binary
            return Command([program] + UserModeArguments(self, .terminal).arguments).shellQuoted
        }
        let arguments = QEMUArguments(self, on: accelerator, .terminal).arguments
        return Command([program] + arguments).shellQuoted
    }

    private static func requireFile(
        _ path: FilePath, _ option: String
    ) throws(MachineConfigurationError) {
        let start: [UInt8]
        do throws(Errno) {
            start = try readSmallFile(path, limit: 1)
        } catch {
            throw .unreadable(option: option, path, error)
        }
        if start.isEmpty { throw .empty(option: option, path) }
    }
}
