import QshRuntime
import SystemPackage

/// The options of `qsh.machine.boot` and `qsh.machine.command`, read into one runtime value.
@LoopActor
struct MachineOptions {
    var configuration: MachineConfiguration
    /// A root assembled by the recipe, where `initramfs` is one.
    var root: InitramfsObject?
    /// Name in messages and of the run folder.
    var name: String?
    /// Whether the console is printed as it comes.
    /// Nil where the recipe does not say.
    var echo: Bool?
    /// Whether qsh's agent runs in the guest; nil for what suits the initramfs.
    var agent: Bool?
    /// Symbols that the kernel's configuration must have on.
    var requires: [String]
    /// Whether the agent's line is a second serial port.
    var agentIsSerial = false
    /// Whether an equal boot of before is gone on from, and this one kept.
    var usesCache = false
    /// Where gdb's server listens, if one is asked for.
    var gdb: DebugRequest?
    /// The kernel's reports that the recipe provokes.
    var expected: [String]
    /// Limit of each wait on this machine, in seconds.
    var timeout: Double?

    init(_ options: LuaOptions) throws {
        let (kernel, kernelArch) = try Self.kernel(options)
        let (initramfs, root) = try Self.initramfs(options)
        let arch = try options.arch("arch") ?? kernelArch ?? root?.arch ?? .ofHost
        configuration = MachineConfiguration(arch: arch, kernel: kernel, initramfs: initramfs)
        self.root = root
        configuration.vmlinux = try options.string("vmlinux").map { FilePath($0) }
        configuration.append = try Self.append(options)
        configuration.smp = try Self.smp(options)
        if let memory = try Self.memory(options) { configuration.memory = memory }
        configuration.accel = try Self.accel(options)
        configuration.cpu = try options.string("cpu")
        configuration.machine = try options.string("machine")
        let devices = try DeviceOptions(options)
        configuration.drives = try Self.devices(options, "drive")
        configuration.drives += try devices.drives.map { try $0.option() }
        configuration.shares = devices.shares
        configuration.links = devices.links
        configuration.netdevs = try Self.devices(options, "netdev")
        configuration.devices = try Self.devices(options, "device")
        configuration.args = try options.strings("args") ?? []
        configuration.qemu = try options.string("qemu").map { FilePath($0) }
        configuration.lintsInitramfs = try options.bool("lint") ?? true
        configuration.transcript = try options.string("transcript").map { FilePath($0) }
        configuration.hasDisplay = try options.bool("display") ?? false
        configuration.startsPaused = try options.bool("paused") ?? false
        usesCache = try options.bool("cache") ?? false
        gdb = try DebugRequest(options, "gdb")
        requires = try options.strings("requires") ?? []
        name = try options.string("name")
        echo = try options.bool("echo")
        if options.value("agent")?.text == "serial" {
            (agent, agentIsSerial) = (true, true)
        } else if case .string = options.value("agent") {
            throw options.mismatch("agent", expects: "a boolean or \"serial\"")
        } else {
            agent = try options.bool("agent")
        }
        expected = try options.strings("expected") ?? []
        if let factor = try options.number("timeout_scale") {
            guard factor > 0 else {
                throw options.mismatch("timeout_scale", expects: "a number above 0")
            }
            configuration.timeScale = TimeScale(
                factor: factor, reasons: factor == 1 ? [] : ["timeout_scale"])
        }
        timeout = try options.seconds("timeout")
        try options.finish()
        try QEMUArguments.refuse(configuration.args)
        try configuration.append.withDefaults(for: arch).validate(for: arch)
    }

    /// A path, or the table that `qsh.kernel.find` returns, which knows its architecture.
    private static func kernel(_ options: LuaOptions) throws -> (FilePath?, Arch?) {
        switch options.value("kernel") {
        case nil: return (nil, nil)
        case .string(let bytes): return (FilePath(String(decoding: bytes, as: UTF8.self)), nil)
        case .table(let table):
            if let image = table["image"]?.text {
                return (FilePath(image), table["arch"]?.text.flatMap { Arch.named($0) })
            }
            throw noKernel(options)
        case .object(let built as KernelObject):
            guard let image = built.kernel.image else { throw noKernel(options) }
            return (image, built.kernel.arch)
        default: throw noKernel(options)
        }
    }

    private static func noKernel(_ options: LuaOptions) -> LuaArgumentError {
        options.mismatch(
            "kernel", expects: "a path, a kernel that was built, or what qsh.kernel.find returns")
    }

    private static func initramfs(
        _ options: LuaOptions
    ) throws -> (FilePath?, InitramfsObject?) {
        switch options.value("initramfs") {
        case nil: return (nil, nil)
        case .string(let bytes): return (FilePath(String(decoding: bytes, as: UTF8.self)), nil)
        case .object(let root as InitramfsObject): return (nil, root)
        default: throw options.mismatch("initramfs", expects: "a path or a qsh.initramfs")
        }
    }

    private static func append(_ options: LuaOptions) throws -> KernelCommandLine {
        switch options.value("append") {
        case nil: return KernelCommandLine()
        case .string(let bytes): return KernelCommandLine(String(decoding: bytes, as: UTF8.self))
        default: return try KernelCommandLine(list: options.strings("append") ?? [])
        }
    }

    private static func smp(_ options: LuaOptions) throws -> MachineConfiguration.CPUTopology? {
        guard let value = options.value("smp") else { return nil }
        if let count = value.wholeNumber, count > 0 { return .init(cpus: count) }
        guard case .table(let table) = value, table.sequence.isEmpty else {
            throw options.mismatch(
                "smp", expects: "a number of processors or a table like { cores = 1, threads = 2 }")
        }
        let inner = LuaOptions(table, function: "\(options.functionName): smp")
        var counts: [String: Int] = [:]
        for key in MachineConfiguration.CPUTopology.keys {
            guard let count = try inner.integer(key) else { continue }
            guard count > 0 else { throw inner.mismatch(key, expects: "a number above 0") }
            counts[key] = count
        }
        try inner.finish()
        return .init(counts)
    }

    private static func memory(_ options: LuaOptions) throws -> ByteSize? {
        guard let value = options.value("memory") else { return nil }
        let size =
            value.text.map { ByteSize($0) } ?? value.anyNumber.map { ByteSize(mebibytes: $0) }
        guard let size, let size else {
            throw options.mismatch("memory", expects: ByteSize.expected)
        }
        return size
    }

    private static func accel(_ options: LuaOptions) throws -> Accelerator.Request {
        guard let name = try options.string("accel") else { return .auto }
        guard let request = Accelerator.Request(rawValue: name) else {
            throw options.mismatch("accel", expects: #""auto", "kvm" or "tcg""#)
        }
        return request
    }

    /// One device or a list of them; each is QEMU's own notation or a table of its properties with
    /// the driver (or file, or kind) first: `{ "e1000", mac = "…" }`.
    private static func devices(_ options: LuaOptions, _ key: String) throws -> [QEMUOption] {
        switch options.value(key) {
        case nil: return []
        case .string(let text): return [QEMUOption(parsing: String(decoding: text, as: UTF8.self))]
        case .table(let table) where !table.fields.isEmpty: return [try device(options, key, table)]
        case .table(let table):
            return try table.sequence.map { item in
                switch item {
                case .string(let text):
                    return QEMUOption(parsing: String(decoding: text, as: UTF8.self))
                case .table(let table):
                    return try device(options, key, table)
                default:
                    throw options.mismatch(key, expects: "a list of strings or tables", got: item)
                }
            }
        default: throw options.mismatch(key, expects: "a string, a table or a list of them")
        }
    }

    private static func device(
        _ options: LuaOptions, _ key: String, _ table: LuaTable
    ) throws -> QEMUOption {
        var properties: [QEMUOption.Property] = []
        for (name, value) in table.named {
            switch value {
            case .string(let text):
                properties.append(.init(name, String(decoding: text, as: UTF8.self)))
            case .bool(let flag): properties.append(.init(name, flag ? "on" : "off"))
            case .integer(let number): properties.append(.init(name, String(number)))
            default:
                throw options.mismatch(
                    key, expects: "strings, numbers or booleans as properties", got: value)
            }
        }
        return QEMUOption(table.sequence.first?.text, properties)
    }
}
