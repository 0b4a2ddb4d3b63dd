import Glibc
import SystemPackage

/// The programs of a build: whether they are there, and which they are.
struct KernelTools: Sendable {
    let toolchain: KernelToolchain
    let environment: HostEnvironment

    /// Looks for everything before make starts.
    ///
    /// - Throws: ``KernelToolsError`` naming all that is missing, with their packages.
    @LoopActor
    func require(_ tools: [KernelTool]) async throws {
        var missing: [KernelTool] = []
        for tool in tools where tool.kind == .program && environment.locate(tool.name) == nil {
            missing.append(tool)
        }
        // Without a compiler nothing can be said about headers.
        if missing.isEmpty {
            for tool in tools where tool.kind == .header {
                if try await !hasHeader([tool.name] + tool.alternatives) { missing.append(tool) }
            }
        }
        if !missing.isEmpty { throw KernelToolsError(missing: missing) }
    }

    /// Which files the programs are: path without links, length, time of change.
    ///
    /// A package that is updated changes them; what `gcc` calls comes with it.
    var identity: String {
        var names = [toolchain.compiler, toolchain.hostCompiler, "make", "bc", "perl", "python3"]
        let prefix = toolchain.crossPrefix
        if toolchain.family == .llvm {
            names += ["ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy"].map { $0 + toolchain.suffix }
        } else {
            names += ["ld", "as", "ar", "nm", "objcopy"].map { prefix + $0 }
        }
        names += ["pahole", "depmod", "xz", "zstd", "gzip", "lz4", "openssl"]
        if let wrapper = toolchain.wrapper { names.append(wrapper) }
        for name in ["LD", "AR", "AS"] {
            if let named = toolchain.variables[name] { names.append(named) }
        }
        return names.map(identity(of:)).joined(separator: "\n")
    }

    private func identity(of name: String) -> String {
        guard let found = environment.locate(name) else { return "\(name): none" }
        let path = FileTree.resolved(found)
        var status = stat()
        guard stat(path.string, &status) == 0 else { return "\(name): \(path)" }
        return
            "\(name): \(path) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }

    private func hasHeader(_ names: [String]) async throws -> Bool {
        let flags =
            environment["HOSTCFLAGS"].map { $0.split(separator: " ").map(String.init) } ?? []
        let command = Command(
            [toolchain.hostCompiler, "-E", "-x", "c", "-o", "/dev/null"] + flags + ["-"],
            environment: environment["PATH"].map { ["PATH": $0] } ?? [:])
        // Compilers of before gcc 5 do not know `__has_include`.
        for name in names {
            let result = try await CommandRunner.run(
                command, input: Array("#include <\(name)>\n".utf8), until: .after(.seconds(30)))
            if result.succeeded { return true }
        }
        return false
    }
}

/// Programs or headers that a build needs and the machine does not have.
public struct KernelToolsError: DiagnosticError, Equatable {
    let missing: [KernelTool]

    /// The text of the error.
    public var diagnostic: Diagnostic {
        let names = missing.map(\.displayed)
        let list = names.dropLast().joined(separator: ", ")
        let all = list.isEmpty ? names.joined() : "\(list) and \(names.last ?? "")"
        var hint = "install what has them"
        if let manager = PackageManager.ofHost {
            var packages: [String] = []
            for tool in missing {
                guard let package = tool.packages[manager], !packages.contains(package) else {
                    continue
                }
                packages.append(package)
            }
            hint = manager.installCommand(packages)
        }
        return Diagnostic(
            .qemuDidNotStart,
            "cannot build a kernel: \(all) \(missing.count == 1 ? "is" : "are") missing",
            hint: hint)
    }
}
