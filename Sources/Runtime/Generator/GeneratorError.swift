import SystemPackage

/// Why an image cannot be put together.
public enum GeneratorError: Error, Equatable {
    case noProgram(String, looked: String)
    case foreignProgram(String, got: String, expected: String)
    case noLibrary(String, neededBy: String, looked: [String], foreign: [String])
    case noInterpreter(String, neededBy: String)
    case scriptLoop(String)
    case unknownHook(String, near: String?, known: [String])
    case noBaseHook([String])
    case badHook(String, String)
    /// `others` are the releases whose modules lie there instead.
    case noModulesFolder(kernel: FilePath, release: String, others: [String])
    case otherRelease(kernel: String, modules: String, FilePath)
    case foreignModule(FilePath, got: String, expected: String)
    case codecMissing(String, option: String, kernel: String, config: FilePath)
    case takesNoInitramfs(kernel: String, config: FilePath)
    /// A hook of one's own named `base` is in the place of qsh's.
    case noInit
    case noConfiguration(FilePath)
    case notInImage(String, FilePath, near: String?)
    case severalNamed(String, FilePath, [String])
    case noReason(String, FilePath)
    case unknownRoot(FilePath)
}

extension GeneratorError: DiagnosticError {
    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(.usage, message, notes: notes, hint: hint)
    }

    private var message: String {
        switch self {
        case .noProgram(let name, let looked):
            "program `\(name)`: not found in \(looked)"
        case .foreignProgram(let path, let got, let expected):
            "program `\(path)` is for \(got): expected one for \(expected)"
        case .noLibrary(let name, let user, _, _):
            "library `\(name)`: not found, and `\(user)` needs it"
        case .noInterpreter(let name, let user):
            "interpreter `\(name)`: not found, and `\(user)` needs it"
        case .scriptLoop(let path):
            "script `\(path)`: its interpreters lead back to scripts too often"
        case .unknownHook(let name, _, _):
            "hook `\(name)`: not known"
        case .noBaseHook(let hooks):
            "hooks `\(hooks.joined(separator: " "))`: `base` is missing, so there would be no /init"
        case .badHook(let name, let why):
            "hook `\(name)`: \(why)"
        case .noModulesFolder(let kernel, let release, _):
            "kernel `\(kernel)`: found no modules of release `\(release)` near it"
        case .otherRelease(let kernel, let modules, let folder):
            "modules `\(folder)` are of release `\(modules)`: the kernel's is `\(kernel)`"
        case .foreignModule(let file, let got, let expected):
            "module `\(file)` was built for `\(got)`: the kernel is `\(expected)`"
        case .codecMissing(let codec, let option, let kernel, _):
            "compression `\(codec)`: kernel `\(kernel)` cannot unpack it, for it lacks `\(option)`"
        case .takesNoInitramfs(let kernel, _):
            "kernel `\(kernel)`: it takes no initramfs, for it lacks `CONFIG_BLK_DEV_INITRD`"
        case .noInit:
            "no hook has made `/init`, which the kernel starts: `base` is not qsh's own here"
        case .noConfiguration(let path):
            "cannot read `\(path)`: expected the kernel's configuration"
        case .notInImage(let name, let image, _):
            "`\(name)`: not in `\(image)`"
        case .severalNamed(let name, let image, let paths):
            "`\(name)`: \(paths.count) files of `\(image)` have this name"
        case .unknownRoot(let disk):
            "cannot tell what the root on `\(disk)` needs: no file system, LUKS volume, array or "
                + "LVM volume that is known is on it"
        case .noReason(let path, let image):
            "`\(path)`: nothing in `\(image)` says why it is there"
        }
    }

    private var notes: [String] {
        switch self {
        case .noLibrary(_, _, let looked, let foreign):
            ["looked in \(looked.joined(separator: ", "))"]
                + foreign.map { "`\($0)` is for another architecture" }
        case .unknownHook(_, _, let known): ["known: \(known.joined(separator: " "))"]
        case .noModulesFolder(_, _, let others) where !others.isEmpty:
            ["beside it lie those of `\(others.joined(separator: "`, `"))`"]
        case .codecMissing(_, _, _, let config), .takesNoInitramfs(_, let config):
            ["its configuration is `\(config)`"]
        case .severalNamed(_, _, let paths):
            paths.prefix(8).map { "`\($0)`" } + (paths.count > 8 ? ["and more"] : [])
        default: []
        }
    }

    private var hint: String? {
        switch self {
        case .noProgram: "install it, or give its path"
        case .foreignProgram: "give a program of the image's architecture"
        case .noLibrary, .noInterpreter: "install the package that has it"
        case .unknownHook(_, let near, _): near.map { "did you mean `\($0)`?" }
        case .noBaseHook: "put `base` first"
        case .noModulesFolder: "give the folder lib/modules/RELEASE with --moduleroot"
        case .otherRelease, .foreignModule: "give the modules of this very kernel"
        case .codecMissing: "take another codec, or `none`"
        case .notInImage(_, _, let near): near.map { "did you mean `\($0)`?" }
        case .severalNamed: "give the whole path"
        case .unknownRoot: "give the disk or the partition that the root lies on, or an image of it"
        case .noReason: "images made by `qsh mkinitramfs` keep their reasons"
        case .takesNoInitramfs: "build it with `fragments = { \"initramfs\" }`"
        case .noInit: "give the hook another name, or have it make `/init`"
        case .badHook, .scriptLoop, .noConfiguration: nil
        }
    }
}
