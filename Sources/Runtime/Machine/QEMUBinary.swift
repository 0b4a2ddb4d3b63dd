import SystemPackage

/// Where QEMU is, and which one.
public enum QEMUBinary {
    /// Finds the program: the option, then `QSH_QEMU`, then the architecture's name on `PATH`.
    ///
    /// - Throws: ``QEMUBinaryError`` where there is none that can be run.
    public static func locate(
        for arch: Arch, option: FilePath? = nil, environment: [String: String]
    ) throws(QEMUBinaryError) -> FilePath {
        let asked: QEMUBinaryError.Source
        let name: FilePath
        if let option {
            (asked, name) = (.option, option)
        } else if let variable = environment["QSH_QEMU"], !variable.isEmpty {
            let inside = FilePath(variable).appending(arch.qemu.binary)
            (asked, name) = (.environment, Command.isProgram(inside) ? inside : FilePath(variable))
        } else {
            (asked, name) = (.path, FilePath(arch.qemu.binary))
        }
        let path = environment["PATH"] ?? ""
        guard let found = Command.locate(name.string, path: path), Command.isProgram(found) else {
            throw QEMUBinaryError(program: name, source: asked, arch: arch, host: .ofHost)
        }
        if let other = arch.contradicted(by: found) {
            throw QEMUBinaryError(
                program: name, source: asked, arch: arch, host: .ofHost, emulates: other)
        }
        return found
    }

    /// Reads the version out of the first line of `--version`: 7.2.22 is `[7, 2, 22]`.
    public static func version(in output: String) -> [Int]? {
        guard let words = output.split(separator: "\n").first?.split(separator: " "),
            let index = words.firstIndex(of: "version"), index + 1 < words.count
        else { return nil }
        let numbers = words[index + 1].split(separator: ".").map { Int($0) }
        return numbers.contains(nil) ? nil : numbers.compactMap(\.self)
    }
}

extension Arch {
    /// The other architecture that a QEMU is for, by the name of its program; nil where it is for
    /// this one, runs this one's kernels as well, or has a name that says nothing.
    fileprivate func contradicted(by program: FilePath) -> Arch? {
        let name = program.lastComponent?.string
        guard let other = Arch.all.first(where: { $0.qemu.binary == name }), other != self,
            !(other.qemu.alsoRuns.contains(self.name))
        else { return nil }
        return other
    }
}

/// There is no QEMU to run.
public struct QEMUBinaryError: DiagnosticError, Equatable {
    /// Who named the program.
    public enum Source: Sendable, Equatable {
        case option, environment, path
    }

    let program: FilePath
    let source: Source
    let arch: Arch
    let host: PackageManager?
    /// What the program is for, by its name, where that is another architecture.
    var emulates: Arch?

    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(.qemuDidNotStart, message, hint: hint)
    }

    /// What installs it on this distribution; nil where that is not known.
    var installCommand: String? {
        guard let host, let package = arch.qemu.packages[host] else { return nil }
        return host.installCommand([package])
    }

    private var message: String {
        if let emulates {
            return "machine of architecture \(arch): `\(program)` emulates \(emulates)"
        }
        return switch source {
        case .option: "option `qemu`: `\(program)` is not a program"
        case .environment: "QSH_QEMU: `\(program)` is not a program"
        case .path: "machine of architecture \(arch): `\(program)` is not on PATH"
        }
    }

    private var hint: String {
        if emulates != nil { return "name a folder in QSH_QEMU to have each architecture's own" }
        if let installCommand { return "install it: \(installCommand)" }
        return "install QEMU for \(arch), or name its binary in QSH_QEMU"
    }
}
