import SystemPackage

/// What an image is to be made of.
public struct GeneratorConfiguration: Sendable {
    /// The kernel that will boot it.
    public var kernel: Kernel
    /// Its `lib/modules/RELEASE`, where that does not lie near it.
    public var moduleRoot: FilePath?
    /// The hooks, in their order.
    public var hooks: [InitramfsHook]
    /// Modules to load first, besides those of the hooks.
    public var modules: [String] = []
    /// Programs to add with all that they need.
    public var binaries: [String] = []
    /// Files of the host to add under their own names.
    public var files: [FilePath] = []
    /// Disks, or images of them, that the root lies on: their headers say what it needs.
    public var rootDisks: [FilePath] = []
    /// A folder of firmware that is looked into first.
    public var firmware: FilePath?
    /// A folder of modprobe.d(5) files for the hook `modconf`.
    public var modprobeFolder: FilePath?
    /// A static busybox.
    public var busybox: FilePath?
    /// How the image is compressed.
    public var compression: InitramfsCompression = .none
    /// Where programs and packages are looked for.
    public var environment: HostEnvironment = .current
    /// Where packages are kept; the user's where nil.
    public var cache: Cache?

    /// mkinitcpio's own default.
    public static let defaultHooks = [
        "base", "udev", "autodetect", "modconf", "block", "filesystems", "keyboard", "fsck",
    ]

    /// Takes what cannot be left out.
    public init(kernel: Kernel, hooks: [InitramfsHook]) {
        self.kernel = kernel
        self.hooks = hooks
    }
}
