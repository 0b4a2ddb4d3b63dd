/// What in a tree is for another architecture than the kernel's.
extension InitramfsLint.Target {
    /// Why nothing of this machine runs on the kernel, as the end of a sentence; nil where it does.
    func mismatch(_ machine: Arch.ELFIdentity) -> String? {
        if let arch {
            if machine == arch.elf { return nil }
            return "is for \(machine.name), and the kernel for \(arch)"
        }
        guard let number = self.machine, number != machine.machine else { return nil }
        return
            "is for \(machine.name), and the kernel for \(Arch.ELFIdentity.name(ofMachine: number))"
    }

    /// Whether a program that lies there is meant to be run by the guest: one in a folder of
    /// programs or at the root, and for a machine that the kernel has no compatible mode for.
    /// Elsewhere it may well be data: a cross compiler's libraries, a test's input.
    func mustRun(_ machine: Arch.ELFIdentity, at path: [UInt8]) -> Bool {
        guard let arch, !arch.elf.compatible.contains(machine) else { return false }
        let folders = path.split(separator: UInt8(ascii: "/")).dropLast()
        return folders.last.map { ["bin", "sbin"].contains(printable($0)) } ?? true
    }
}

/// Modules are loaded by their own kernel only, so each other one is a mistake.
struct ModuleCheck {
    let tree: [InitramfsNode]
    let target: InitramfsLint.Target

    func findings() -> [InitramfsFinding] {
        tree.compactMap { node in
            guard node.type == .file, node.path.suffix(3).elementsEqual(".ko".utf8),
                let elf = node.program, let mismatch = target.mismatch(elf.machine)
            else { return nil }
            return InitramfsFinding(
                .error, at: node.offset, "the module `/\(printable(node.path))` \(mismatch)")
        }
    }
}

extension Arch.ELFIdentity {
    /// The architecture's own name, where the table has it.
    var name: String { Arch.all.first { $0.elf == self }?.name ?? machineName }

    /// Machines whose programs a distribution's 64-bit kernel runs beside its own.
    fileprivate var compatible: [Arch.ELFIdentity] {
        let narrow = Arch.ELFIdentity(
            machine: machine, is64Bit: false, isBigEndian: isBigEndian)
        guard is64Bit else { return [] }
        switch Arch.all.first(where: { $0.elf == self }) {
        // x32 beside i386.
        case .x86_64: return [Arch.i386.elf, narrow]
        case .arm64: return [Arch.armhf.elf]
        case .mips64el, .s390x: return [narrow]
        default: return []
        }
    }
}
