extension KernelConfig {
    /// The architecture that the configuration is for, where it is another one than `arch`.
    ///
    /// Told by the symbol that every architecture sets for itself, else by the first lines that
    /// `conf` writes; nil too where neither tells, as in a defconfig.
    func foreignArch(to arch: Arch) -> String? {
        let folder = arch.kernel.sourceFolder
        if let own = Self.archSymbols.first(where: { self[$0.symbol] == .yes }) {
            // One folder serves both widths of x86; make would change the width without a word.
            return own.folder == folder && own.width.map({ $0 == arch.kernel.arch }) ?? true
                ? nil : own.width ?? own.folder
        }
        guard let sourceArch else { return nil }
        let isX86 = folder == "x86" && ["x86", "x86_64", "i386"].contains(sourceArch)
        return isX86 || [arch.kernel.arch, folder].contains(sourceArch) ? nil : sourceArch
    }

    /// User-mode Linux sets the symbol of its host too, so it comes first.
    private static let archSymbols: [(symbol: String, folder: String, width: String?)] = [
        ("UML", "um", nil), ("X86_64", "x86", "x86_64"), ("X86_32", "x86", "i386"),
        ("ARM64", "arm64", nil), ("ARM", "arm", nil), ("RISCV", "riscv", nil),
        ("PPC", "powerpc", nil), ("S390", "s390", nil), ("MIPS", "mips", nil),
        ("LOONGARCH", "loongarch", nil), ("ALPHA", "alpha", nil), ("ARC", "arc", nil),
        ("CSKY", "csky", nil), ("HEXAGON", "hexagon", nil), ("IA64", "ia64", nil),
        ("M68K", "m68k", nil), ("MICROBLAZE", "microblaze", nil), ("NIOS2", "nios2", nil),
        ("OPENRISC", "openrisc", nil), ("PARISC", "parisc", nil), ("SPARC", "sparc", nil),
        ("SUPERH", "sh", nil), ("XTENSA", "xtensa", nil),
    ]
}
