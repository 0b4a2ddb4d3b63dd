import SystemPackage

/// Why a busybox cannot be used in a root of its own.
public struct BusyboxError: DiagnosticError, Equatable {
    enum Reason: Equatable {
        case unreadable(Errno)
        case notAProgram
        /// It needs a loader and libraries, which a root of busybox alone has not.
        case dynamic
        case foreign(program: Arch?, machine: Arch)
    }

    let path: FilePath
    let origin: Busybox.Origin
    let reason: Reason

    init(_ path: FilePath, _ origin: Busybox.Origin, _ reason: Reason) {
        self.path = path
        self.origin = origin
        self.reason = reason
    }

    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(
            .usage, "busybox `\(path)`: \(why)",
            notes: origin == .environment
                ? ["the path comes from the environment variable QSH_BUSYBOX"] : [],
            hint: hint)
    }

    private var why: String {
        switch reason {
        case .unreadable(.noSuchFileOrDirectory): "no such file"
        case .unreadable(.isDirectory): "expected a program, got a folder"
        case .unreadable(let error): "could not be read: \(error.lowercased)"
        case .notAProgram: "expected a program, got a file of another kind"
        case .dynamic: "expected a static program, got one that needs shared libraries"
        case .foreign(let program, let machine):
            "it is for \(program?.name ?? "an unknown architecture"), but the machine is \(machine)"
        }
    }

    private var hint: String {
        switch reason {
        case .dynamic: "install the package busybox-static, or leave the path out"
        default: "leave the path out to get Debian's busybox-static"
        }
    }
}
