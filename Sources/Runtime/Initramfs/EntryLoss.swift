/// What the kernel does to an entry without saying so.
enum EntryLoss {
    case badHex
    case badNameSize(UInt32)
    case targetTooLong(UInt32)
    case dataWhereNone(UInt32)
    case trailerWithData
    case badSum(expected: UInt32, got: UInt32)
    case unknownType(UInt32)
    case lost(KernelTree.Failure)
    case linkFailed([UInt8])
    case mergedInodes([UInt8])
    case replacesSymlink
    case emptyTarget
    case minorTooLarge(UInt32)
    case twoGigabytes(UInt32)
    case dotDot
    case absolute

    var severity: InitramfsFinding.Severity {
        switch self {
        case .emptyTarget, .twoGigabytes, .trailerWithData, .dotDot, .absolute: .warning
        default: .error
        }
    }

    /// The finding's text about the entry `name`.
    func message(_ name: [UInt8]) -> String {
        let entry = "`\(printable(name.count > 100 ? Array(name.prefix(100)) : name))`"
        return switch self {
        case .badHex:
            "a header field is not eight hex digits: kernels from 2026 on stop here"
        case .badNameSize(let size):
            "an entry has a name of \(size) bytes: the kernel skips it, as it takes 1 to 4096"
        case .targetTooLong(let size):
            "a symlink has a target of \(size) bytes: the kernel skips it, as it takes at most 4095"
        case .dataWhereNone(let size):
            "an entry that is no file has \(size) bytes of data: the kernel does not create it"
        case .trailerWithData:
            "a file is named `TRAILER!!!`: the kernel takes it for the end of an archive"
        case .badSum(let expected, let got):
            "the data of an entry sums up to \(got), not to the \(expected) in its header"
        case .unknownType(let type):
            "\(entry) has the unknown file type \(type): the kernel does not create it"
        case .lost where name.isEmpty:
            "an entry has an empty name: the kernel skips it"
        case .lost(let failure):
            "\(entry) is lost: \(failure.reason)"
        case .linkFailed(let first):
            "\(entry) is lost: it is a hard link to `\(printable(first))`, which is not there"
        case .mergedInodes(let first):
            first == name
                ? "the files of one inode number are merged, \(entry) among them: there are more "
                    + "than its link count says, as where two archives are joined without a trailer"
                : "\(entry) overwrites `\(printable(first))`: they share an inode number and no "
                    + "trailer is between them"
        case .replacesSymlink:
            "directory \(entry) replaces the symlink of that name"
        case .emptyTarget:
            "symlink \(entry) has an empty target"
        case .minorTooLarge(let minor):
            "device \(entry) has minor number \(minor): the kernel takes at most 1048575"
        case .twoGigabytes(let size):
            "file \(entry) has \(size) bytes: Linux 6.1 and others stop at 2 GiB"
        case .dotDot:
            "\(entry) has `..` in its name: the kernel follows it, and careless unpackers leave "
                + "their folder"
        case .absolute:
            "\(entry) has an absolute name: the kernel takes it, and careless unpackers leave "
                + "their folder"
        }
    }
}
