import SystemPackage

/// What a kernel is built with, and for what: everything of a build but its source and its
/// configuration.
public struct KernelToolchain: Sendable, Equatable {
    /// Whose compiler and linker.
    public enum Family: String, Sendable, CaseIterable {
        case gcc
        /// clang, lld and LLVM's other programs: `LLVM=1`.
        case llvm
    }

    /// What the kernel runs on.
    public var arch: Arch
    /// Whose compiler and linker.
    public var family: Family
    /// The version in the programs' names: `-15` of `clang-15`, empty for the default ones.
    public var suffix: String
    /// `CROSS_COMPILE=`; nil for Debian's where the architecture is not the host's.
    public var cross: String?
    /// What the compiler is called through: `ccache`, `distcc`.
    public var wrapper: String?
    /// Further variables for make's command line.
    public var variables: [String: String]

    /// Describes a toolchain; nothing is looked for.
    public init(
        arch: Arch = .ofHost, family: Family = .gcc, suffix: String = "", cross: String? = nil,
        wrapper: String? = nil, variables: [String: String] = [:]
    ) {
        self.arch = arch
        self.family = family
        self.suffix = suffix
        self.cross = cross
        self.wrapper = wrapper
        self.variables = variables
    }

    /// Reads `gcc`, `llvm`, `gcc-12` or `llvm-15`; nil for anything else.
    public static func family(named name: String) -> (family: Family, suffix: String)? {
        let parts = name.split(separator: "-", maxSplits: 1)
        guard let family = parts.first.flatMap({ Family(rawValue: String($0)) }) else { return nil }
        guard parts.count == 2 else { return name == family.rawValue ? (family, "") : nil }
        let isNumber = !parts[1].isEmpty && parts[1].allSatisfy(\.isNumber)
        return isNumber ? (family, "-\(parts[1])") : nil
    }

    /// The prefix of the programs' names; empty for the host's own.
    public var crossPrefix: String {
        if let cross { return cross }
        if arch == .ofHost || family == .llvm { return "" }
        // The 64-bit compiler makes 32-bit code too.
        if arch == .i386 && Arch.ofHost == .x86_64 { return "" }
        return arch.crossPrefix ?? ""
    }

    /// The program that compiles for the kernel, without the wrapper.
    public var compiler: String {
        if let named = variables["CC"] {
            return named.split(separator: " ").last.map(String.init) ?? named
        }
        return family == .llvm ? "clang\(suffix)" : "\(crossPrefix)gcc\(suffix)"
    }

    /// The program that compiles for the build machine, without the wrapper.
    public var hostCompiler: String {
        if let named = variables["HOSTCC"] {
            return named.split(separator: " ").last.map(String.init) ?? named
        }
        return family == .llvm ? "clang\(suffix)" : "gcc\(suffix)"
    }

    /// The words for make's command line, the recipe's own last.
    public var makeWords: [String] {
        var words = ["ARCH=\(arch.kernel.arch)"]
        if !crossPrefix.isEmpty { words.append("CROSS_COMPILE=\(crossPrefix)") }
        if family == .llvm { words.append("LLVM=\(suffix.isEmpty ? "1" : suffix)") }
        var rest = variables
        if let wrapper {
            rest["CC"] = "\(wrapper) \(rest["CC"] ?? compiler)"
            rest["HOSTCC"] = "\(wrapper) \(rest["HOSTCC"] ?? hostCompiler)"
        } else if family == .gcc, !suffix.isEmpty {
            rest["CC"] = rest["CC"] ?? compiler
            rest["HOSTCC"] = rest["HOSTCC"] ?? hostCompiler
        }
        return words + rest.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    /// Variables that have an option of their own, and which.
    public static let reserved = [
        "O": "out", "KBUILD_OUTPUT": "out", "ARCH": "arch", "SUBARCH": "arch",
        "CROSS_COMPILE": "cross", "LLVM": "toolchain",
    ]
}
