/// The variables that a kernel's build sees: few, so that what a shell happens to export neither
/// changes a kernel nor makes two builds differ.
struct KernelMakeEnvironment: Sendable, Equatable {
    /// Set in make's environment; nil takes one of qsh's own away.
    let variables: [String: String?]
    /// Those that a kernel depends on.
    let relevant: [String: String]

    /// - Parameters:
    ///   - host: what qsh was started with.
    ///   - defaults: values for what the user has not set.
    init(_ host: HostEnvironment, defaults: [String: String]) {
        var variables: [String: String?] = [:]
        var relevant = defaults
        for (name, value) in host.all {
            if Self.isRelevant(name) {
                relevant[name] = value
            } else if !Self.isNeutral(name) {
                variables[name] = .some(nil)
            } else {
                variables[name] = value
            }
        }
        for (name, value) in relevant { variables[name] = value }
        variables["LC_ALL"] = "C"
        self.variables = variables
        self.relevant = relevant
    }

    /// Needed by programs, of no matter to what they make: what they are is told apart by
    /// ``KernelTools``.
    private static func isNeutral(_ name: String) -> Bool {
        let names: Set = [
            "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TMP", "TEMP", "LD_LIBRARY_PATH",
            "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR",
        ]
        let prefixes = ["CCACHE_", "DISTCC_", "SCCACHE_", "ICECC_"]
        return names.contains(name) || prefixes.contains(where: name.hasPrefix)
    }

    /// What the kernel's makefiles and the compilers read (Documentation/kbuild/kbuild.rst,
    /// gcc's "Environment Variables Affecting GCC").
    private static func isRelevant(_ name: String) -> Bool {
        let names: Set = [
            "KCFLAGS", "KCPPFLAGS", "KAFLAGS", "KRUSTFLAGS", "HOSTCFLAGS", "HOSTCXXFLAGS",
            "HOSTLDFLAGS", "HOSTLDLIBS", "LOCALVERSION", "LLVM_IAS", "SOURCE_DATE_EPOCH",
            "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX",
            "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "INSTALL_MOD_STRIP", "LDFLAGS_vmlinux",
            "LDFLAGS_MODULE", "AFLAGS_KERNEL", "CFLAGS_KERNEL", "CFLAGS_MODULE", "AFLAGS_MODULE",
            "EXTRAVERSION",
        ]
        return names.contains(name) || name.hasPrefix("KBUILD_") && name != "KBUILD_OUTPUT"
    }
}
