import SystemPackage

/// Why a file cannot be booted as a kernel.
public struct KernelImageError: DiagnosticError, Equatable {
    /// What was found out about the file.
    public enum Reason: Error, Sendable, Equatable {
        /// It could not be opened or read; a folder and a device count as this.
        case unreadable(Errno)
        case empty
        /// Its contents are something else, in words that end the sentence "it is …".
        case notAKernel(String)
        /// The file is shorter than its header says.
        case truncated(got: UInt64, promised: UInt64)
        /// It is for another architecture than the machine.
        case foreign(kernel: Arch, machine: Arch)
    }

    /// The file.
    public let path: FilePath
    /// What is wrong with it.
    public let reason: Reason

    init(_ path: FilePath, _ reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(.usage, "kernel `\(path)`: \(why)", hint: hint)
    }

    private var why: String {
        switch reason {
        case .unreadable(.noSuchFileOrDirectory): "no such file"
        case .unreadable(.isDirectory): "expected a kernel image, got a folder"
        case .unreadable(.invalidArgument): "expected a kernel image, got a device or a pipe"
        case .unreadable(.permissionDenied): "permission denied"
        case .unreadable(let errno): "could not be read: \(errno.lowercased)"
        case .empty: "not a kernel: it is empty"
        case .notAKernel(let whatItIs): "not a kernel: it is \(whatItIs)"
        case .truncated(let got, let promised):
            "truncated: got \(got) bytes, but its header promises \(promised)"
        case .foreign(let kernel, let machine):
            "the kernel is for \(kernel), but the machine is \(machine)"
        }
    }

    private var hint: String? {
        switch reason {
        case .unreadable(.isDirectory): "for a source tree, open it with `qsh.kernel.open`"
        case .unreadable(.permissionDenied): "make it readable: sudo chmod a+r \(path)"
        case .truncated: "copy or build the file again"
        case .foreign(let kernel, _): "set `arch = \"\(kernel)\"`, or choose another kernel"
        case .empty, .notAKernel:
            "a kernel is what the build leaves in \(Arch.x86_64.kernel.imagePath), or a"
                + " distribution in /boot/vmlinuz-*"
        default: nil
        }
    }
}
