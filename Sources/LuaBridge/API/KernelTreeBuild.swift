import QshRuntime
import SystemPackage

/// `tree:build { target, jobs, out, arch, cross, toolchain, make, wrapper, … }`
extension KernelTreeObject {
    static func build(_ call: LuaCall) async throws -> [LuaValue] {
        let tree = try call.receiver(as: KernelTreeObject.self)
        let options = try call.options(at: 1)
        let toolchain = try tree.toolchain(options)
        let out = try options.string("out").map { FilePath($0) } ?? tree.configured?.out
        let request = KernelBuildRequest(
            toolchain: toolchain, targets: try options.strings("target") ?? [],
            jobs: try jobs(options), out: out, modules: try options.bool("modules"),
            compileCommands: try options.bool("compile_commands") ?? false,
            usesCache: try options.bool("cache") ?? true)
        let requires = try options.strings("requires") ?? []
        try options.finish(
            elsewhere: ["base": configures, "fragments": configures, "set": configures])
        try refuse(request.targets, options)
        try tree.kernelBuild(request).check(requires)
        let kernel = try await tree.kernelBuild(request).run()
        if !kernel.warnings.isEmpty, !kernel.isCached {
            tree.services.note("\(kernel.warnings.count) warnings, listed in kernel.warnings")
        }
        return [.object(KernelObject(kernel, toolchain, tree.services))]
    }

    private static let configures = "tree:configure"

    /// A build with the program's surroundings; also tells where its folder is.
    func kernelBuild(_ request: KernelBuildRequest) throws -> KernelBuild {
        let fits = configured?.toolchain == request.toolchain && configured?.out == request.out
        return try KernelBuild(
            source, request, configured: fits ? configured?.bytes : nil,
            environment: HostEnvironment(services.environment), progress: services.progress,
            note: services.note)
    }

    /// `arch`, `cross`, `toolchain`, `make` and `wrapper`; what is left out is as `configure` had
    /// it.
    func toolchain(_ options: LuaOptions) throws -> KernelToolchain {
        var toolchain = configured?.toolchain ?? KernelToolchain(arch: source.arch)
        if let arch = try options.arch("arch") { toolchain.arch = arch }
        if let cross = try options.string("cross") { toolchain.cross = cross }
        if let name = try options.string("toolchain") {
            guard let found = KernelToolchain.family(named: name) else {
                throw options.mismatch(
                    "toolchain", expects: #""gcc", "llvm", or one with a version like "llvm-15""#)
            }
            (toolchain.family, toolchain.suffix) = found
        }
        if let wrapper = try options.string("wrapper") {
            toolchain.wrapper = wrapper.isEmpty ? nil : wrapper
        }
        for (name, value) in try variables(options) { toolchain.variables[name] = value }
        return toolchain
    }

    private func variables(_ options: LuaOptions) throws -> [String: String] {
        var variables: [String: String] = [:]
        guard let table = try options.table("make") else { return [:] }
        guard table.sequence.isEmpty else {
            throw options.mismatch("make", expects: "variables by name, like { KCFLAGS = \"-Og\" }")
        }
        for (name, value) in table.named {
            if let option = KernelToolchain.reserved[name] {
                throw KernelOptionError.reserved(options.functionName, name, option)
            }
            switch value {
            case .string(let bytes): variables[name] = String(decoding: bytes, as: UTF8.self)
            case .integer(let number): variables[name] = String(number)
            default:
                throw options.mismatch("make", expects: "texts or numbers", got: value)
            }
        }
        return variables
    }

    private static func jobs(_ options: LuaOptions) throws -> Int? {
        guard let jobs = try options.integer("jobs") else { return nil }
        guard (1...4096).contains(jobs) else {
            throw options.mismatch("jobs", expects: "a number from 1 to 4096")
        }
        return jobs
    }

    /// A target is one word of make's, not an option and not an assignment.
    private static func refuse(_ targets: [String], _ options: LuaOptions) throws {
        for target in targets
        where target.isEmpty || target.hasPrefix("-") || target.contains("=")
            || target.contains(where: \.isWhitespace)
        {
            throw options.mismatch(
                "target", expects: "a target of make, or a list of them", got: .text(target))
        }
    }
}

/// What is wrong with the options of a build beyond their types.
enum KernelOptionError: DiagnosticError {
    /// A variable of make's that has an option of its own.
    case reserved(String, String, String)

    var diagnostic: Diagnostic {
        switch self {
        case .reserved(let function, let name, let option):
            Diagnostic(
                .usage, "\(function): variable `\(name)` in `make`: it is qsh's own",
                hint: "use the option `\(option)`")
        }
    }
}
