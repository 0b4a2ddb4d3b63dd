/// A program or a header that a kernel's build needs, and the package that has it.
struct KernelTool: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case program
        /// A header of the build machine's C library folders.
        case header
    }

    var kind = Kind.program
    /// `flex`, `aarch64-linux-gnu-gcc`, `gelf.h`.
    let name: String
    let packages: [PackageManager: String]
    /// Other places of a header, of which one will do.
    var alternatives: [String] = []

    /// One whose package has the same name everywhere but where told otherwise.
    static func program(
        _ name: String, package: String? = nil, dnf: String? = nil, pacman: String? = nil,
        zypper: String? = nil
    ) -> KernelTool {
        let package = package ?? name
        return KernelTool(
            name: name,
            packages: [
                .apt: package, .dnf: dnf ?? package, .pacman: pacman ?? package,
                .zypper: zypper ?? package,
            ])
    }

    static func header(
        _ name: String, apt: String, dnf: String, pacman: String, zypper: String
    ) -> KernelTool {
        KernelTool(
            kind: .header, name: name,
            packages: [.apt: apt, .dnf: dnf, .pacman: pacman, .zypper: zypper])
    }

    /// As a sentence has it.
    var displayed: String { kind == .header ? "the header `\(name)`" : "`\(name)`" }

    /// What modules outside of a tree need.
    static func compiling(_ toolchain: KernelToolchain) -> [KernelTool] {
        configuring(toolchain).filter { !["flex", "bison"].contains($0.name) }
    }

    /// What any target of the kernel's makefiles needs, `olddefconfig` included.
    static func configuring(_ toolchain: KernelToolchain) -> [KernelTool] {
        var tools = [
            program("make"), program("flex"), program("bison"),
            compiler(toolchain.hostCompiler, cross: ""),
        ]
        if toolchain.compiler != toolchain.hostCompiler {
            tools.append(compiler(toolchain.compiler, cross: toolchain.crossPrefix))
        }
        tools.append(linker(toolchain))
        if let wrapper = toolchain.wrapper { tools.append(program(wrapper)) }
        return tools
    }

    /// What the configuration asks for beyond that.
    static func building(_ toolchain: KernelToolchain, _ config: KernelConfig) -> [KernelTool] {
        var tools = configuring(toolchain) + binutils(toolchain)
        // kernel/time/timeconst.h is computed by it.
        tools.append(program("bc"))
        for (symbol, tool) in bySymbol where config.has(symbol) {
            if !tools.contains(tool) { tools.append(tool) }
        }
        if config.has("MODULES") { tools.append(program("depmod", package: "kmod")) }
        return tools
    }

    /// What the kernel's menu is drawn with; where scripts/kconfig/mconf-cfg.sh looks for it.
    static let curses = {
        var tool = header(
            "ncurses.h", apt: "libncurses-dev", dnf: "ncurses-devel", pacman: "ncurses",
            zypper: "ncurses-devel")
        tool.alternatives = ["ncursesw/ncurses.h", "ncurses/ncurses.h"]
        return tool
    }()

    private static let bySymbol: [(String, KernelTool)] = {
        let elf = header(
            "gelf.h", apt: "libelf-dev", dnf: "elfutils-libelf-devel", pacman: "libelf",
            zypper: "libelf-devel")
        let ssl = header(
            "openssl/opensslv.h", apt: "libssl-dev", dnf: "openssl-devel", pacman: "openssl",
            zypper: "libopenssl-devel")
        let dwarf = header(
            "elfutils/libdwfl.h", apt: "libdw-dev", dnf: "elfutils-devel", pacman: "libelf",
            zypper: "libdw-devel")
        let xz = program("xz", package: "xz-utils", dnf: "xz", pacman: "xz", zypper: "xz")
        return [
            ("OBJTOOL", elf), ("STACK_VALIDATION", elf), ("DEBUG_INFO_BTF", elf),
            ("MODULE_SIG", ssl), ("SYSTEM_TRUSTED_KEYRING", ssl),
            ("MODULE_SIG", program("openssl")),
            ("DEBUG_INFO_BTF", program("pahole", package: "dwarves", pacman: "pahole")),
            ("GENDWARFKSYMS", dwarf),
            ("KERNEL_XZ", xz), ("MODULE_COMPRESS_XZ", xz),
            ("KERNEL_ZSTD", program("zstd")), ("MODULE_COMPRESS_ZSTD", program("zstd")),
            ("KERNEL_LZ4", program("lz4")), ("KERNEL_LZO", program("lzop")),
            ("KERNEL_LZMA", xz), ("KERNEL_GZIP", program("gzip")),
            ("KERNEL_BZIP2", program("bzip2")), ("IKHEADERS", program("cpio")),
            ("RUST", program("rustc")), ("RUST", program("bindgen")),
        ]
    }()

    private static func compiler(_ name: String, cross: String) -> KernelTool {
        let base = name.split(separator: "/").last.map(String.init) ?? name
        if base.hasPrefix("clang") { return program(name, package: base, dnf: "clang") }
        if cross.isEmpty || cross.contains("/") {
            return program(name, package: base, dnf: "gcc")
        }
        let triple = cross.hasSuffix("-") ? String(cross.dropLast()) : cross
        // Debian's names have no underscore: gcc-x86-64-linux-gnu.
        let apt = "gcc-" + triple.replacing("_", with: "-")
        return program(
            name, package: apt, dnf: "gcc-\(triple)", pacman: "\(triple)-gcc",
            zypper: "cross-\(triple.prefix { $0 != "-" })-gcc12")
    }

    private static func linker(_ toolchain: KernelToolchain) -> KernelTool {
        // Debian's packages have the version in their names, as the programs have.
        if toolchain.family == .llvm {
            let suffix = toolchain.suffix
            return program("ld.lld\(suffix)", package: "lld\(suffix)", dnf: "lld", pacman: "lld")
        }
        return binutil("ld", toolchain)
    }

    private static func binutils(_ toolchain: KernelToolchain) -> [KernelTool] {
        if toolchain.family == .llvm {
            return ["llvm-ar", "llvm-nm", "llvm-objcopy", "llvm-strip"].map {
                program(
                    $0 + toolchain.suffix, package: "llvm\(toolchain.suffix)", dnf: "llvm",
                    pacman: "llvm")
            }
        }
        return ["as", "ar", "nm", "objcopy"].map { binutil($0, toolchain) }
    }

    private static func binutil(_ name: String, _ toolchain: KernelToolchain) -> KernelTool {
        let cross = toolchain.crossPrefix
        let triple = cross.hasSuffix("-") ? String(cross.dropLast()) : cross
        let package =
            cross.isEmpty || cross.contains("/")
            ? "binutils" : "binutils-" + triple.replacing("_", with: "-")
        return program(cross + name, package: package)
    }
}
