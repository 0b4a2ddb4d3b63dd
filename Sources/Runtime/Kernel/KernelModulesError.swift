import SystemPackage

/// Why modules cannot be listed or put in order.
public enum KernelModulesError: DiagnosticError, Equatable {
    /// The folder is not there or holds no module and no list of built-in ones.
    case noModules(FilePath)
    case unreadable(FilePath, Errno)
    /// A `.ko` file without a `.modinfo` section.
    case notAModule(FilePath)
    /// It could not be decompressed, or not be written down decompressed.
    case refused(FilePath, String)
    case unknown(String, folder: FilePath, near: String?)
    /// A module needs one that is not there.
    case missing(String, neededBy: String, folder: FilePath)
    /// Modules that need each other, the first one again at the end.
    case loop([String])

    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(.usage, message, hint: hint)
    }

    private var message: String {
        switch self {
        case .noModules(let folder):
            "modules `\(folder)`: expected a folder such as lib/modules/6.1.0, found no modules"
        case .unreadable(let file, let error):
            "module `\(file)`: could not be read: \(error.lowercased)"
        case .notAModule(let file):
            "module `\(file)`: expected an ELF file with a .modinfo section"
        case .refused(let file, let why):
            "module `\(file)`: \(why)"
        case .unknown(let name, let folder, _):
            "module `\(name)`: no such module in `\(folder)`"
        case .missing(let name, let user, let folder):
            "module `\(user)`: it needs `\(name)`, which is not in `\(folder)`"
        case .loop(let names):
            "modules that need each other cannot be loaded: \(names.joined(separator: " needs "))"
        }
    }

    private var hint: String? {
        switch self {
        case .noModules: "give the folder named by the kernel's release"
        case .unknown(_, _, let near): near.map { "did you mean `\($0)`?" }
        case .notAModule, .missing, .unreadable, .refused: "install or build the modules again"
        case .loop: nil
        }
    }
}
