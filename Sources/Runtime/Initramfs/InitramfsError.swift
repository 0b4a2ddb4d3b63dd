import SystemPackage

/// Why an image could not be described, written or changed.
public enum InitramfsError: Error, Equatable {
    case nameEmpty
    case nameHasNUL([UInt8])
    case nameHasDotDot([UInt8])
    case nameTooLong([UInt8], length: Int)
    case componentTooLong([UInt8], length: Int)
    case nameIsTrailer
    case badMode(String)
    case symlinkEmpty(InitramfsPath)
    case symlinkHasNUL(InitramfsPath)
    case symlinkTooLong(InitramfsPath, length: Int)
    case symlinkLoop(InitramfsPath)
    case majorTooLarge(InitramfsPath, UInt32)
    case minorTooLarge(InitramfsPath, UInt32)
    case clash(InitramfsPath, had: String, got: String)
    case parentNotDirectory(InitramfsPath, parent: InitramfsPath, is: String)
    case fileTooLarge(InitramfsPath, size: UInt64)
    case hostFileUnreadable(FilePath, reason: String)
    case hostFileWrongKind(FilePath, got: String)
    case hostDirectoryWrongKind(FilePath, got: String)
    case hostFileChanged(FilePath)
    case hostFileShrank(FilePath, expected: UInt64, got: UInt64)
    case hostFileHasMore(FilePath, UInt64)
    case hostRangeOutside(FilePath, offset: UInt64, length: UInt64, size: UInt64)
    case notBusybox(FilePath)
    case unknownApplet(String, near: String?)
    case badSourceDateEpoch(String)
    case unknownCodec(String, near: String?)
    case badLevel(String, Int, least: Int, most: Int)
    case compressorFailed
    case unknownArch(String, near: String?)
    case noSuchEntry(String, in: FilePath, near: String?)
    case extractionFull(FilePath)
    /// Nothing can be appended where the kernel stops before it.
    case appendUnreachable(FilePath, stop: String)
    case nothingToAppend([String])
    /// Another process adds to the same image.
    case imageBusy(FilePath)
    /// The image is a section of an EFI program, which would have to be built anew.
    case unified(FilePath)
    case kernelCompared(FilePath)
    case outputFailed(FilePath, reason: String)
    case outputFull(FilePath)
    /// The image would not boot: the first reason, and the others.
    case unbootable(String, String, others: [String])
}

extension InitramfsError: DiagnosticError {
    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(.usage, message, notes: notes, hint: hint)
    }

    private var notes: [String] {
        if case .unbootable(_, _, let others) = self { return others }
        return []
    }

    private var message: String {
        switch self {
        case .nameEmpty, .nameHasNUL, .nameHasDotDot, .nameTooLong, .componentTooLong,
            .nameIsTrailer, .badMode:
            nameMessage
        case .symlinkEmpty, .symlinkHasNUL, .symlinkTooLong, .symlinkLoop, .majorTooLarge,
            .minorTooLarge, .clash, .parentNotDirectory, .fileTooLarge:
            entryMessage
        default:
            hostMessage
        }
    }

    private var nameMessage: String {
        switch self {
        case .nameEmpty:
            "a path in an initramfs is empty: expected a name such as `/init`"
        case .nameHasNUL(let raw):
            "path `\(printable(raw))` holds a NUL byte: the kernel would end the name there"
        case .nameHasDotDot(let raw):
            "path `\(printable(raw))` holds `..`: expected a path from the root of the initramfs"
        case .nameTooLong(let raw, let length):
            "path `\(start(raw))` is \(length) bytes long: the kernel takes at most "
                + "\(InitramfsPath.maximumLength)"
        case .componentTooLong(let raw, let length):
            "path `\(start(raw))` has a component of \(length) bytes: the kernel takes at most "
                + "\(InitramfsPath.maximumComponent)"
        case .nameIsTrailer:
            "path `TRAILER!!!` cannot be a file: that name ends a cpio archive"
        case .badMode(let text):
            "mode `\(text)` is not octal: expected a string such as \"0755\", at most \"7777\""
        default: ""
        }
    }

    private var entryMessage: String {
        switch self {
        case .symlinkEmpty(let path):
            "symlink `\(path.display)` has an empty target: expected a path"
        case .symlinkHasNUL(let path):
            "symlink `\(path.display)` has a NUL byte in its target: the kernel would end it there"
        case .symlinkTooLong(let path, let length):
            "symlink `\(path.display)` has a target of \(length) bytes: the kernel takes at most "
                + "\(InitramfsPath.maximumLength)"
        case .symlinkLoop(let path):
            "cannot add `\(path.display)`: the symlinks on its way form a loop"
        case .majorTooLarge(let path, let major):
            "device `\(path.display)` has major number \(major): the kernel takes at most 4095"
        case .minorTooLarge(let path, let minor):
            "device `\(path.display)` has minor number \(minor): the kernel takes at most 1048575"
        case .clash(let path, let had, let got):
            "cannot add `\(path.display)` as \(got): it is \(had) already"
        case .parentNotDirectory(let path, let parent, let kind):
            "cannot add `\(path.display)`: `\(parent.display)` is \(kind), not a directory"
        case .fileTooLarge(let path, let size):
            "file `\(path.display)` has \(size) bytes: a cpio entry holds at most 4294967295"
        default: ""
        }
    }

    private var hostMessage: String {
        switch self {
        case .hostFileUnreadable(let file, let reason):
            "cannot read `\(file)`: \(reason)"
        case .hostFileWrongKind(let file, let got):
            "cannot take `\(file)` as a file: it is \(got)"
        case .hostDirectoryWrongKind(let file, let got):
            "cannot take `\(file)` as a directory: it is \(got)"
        case .hostFileChanged(let file):
            "file `\(file)` changed while it was read: the image would hold a mixture"
        case .hostFileShrank(let file, let expected, let got):
            "file `\(file)` shrank while it was read: expected \(expected) bytes, got \(got)"
        case .hostFileHasMore(let file, let size):
            "file `\(file)` holds more than the \(size) bytes of its size"
        case .hostRangeOutside(let file, let offset, let length, let size):
            "file `\(file)` has \(size) bytes: bytes \(offset) to \(offset &+ length) are not in it"
        case .notBusybox(let file):
            "`\(file)` is not busybox: it holds no table of applets"
        case .unknownApplet(let name, _):
            "busybox has no applet `\(name)`"
        case .badSourceDateEpoch(let text):
            "`SOURCE_DATE_EPOCH` expects seconds from 0 to 4294967295, got `\(text)`"
        case .unknownCodec(let name, _):
            "compression `\(name)` is not known: expected one of "
                + InitramfsCompression.codecs.map(\.rawValue).joined(separator: ", ")
        case .badLevel(let name, let level, let least, let most):
            "compression level of `\(name)` expects \(least) to \(most), got \(level)"
        case .noSuchEntry(let path, let file, _):
            "image `\(file)` has no `\(path)`"
        case .extractionFull(let folder):
            "cannot extract into `\(folder)`: no space left on the device"
        case .appendUnreachable(let file, let stop):
            "cannot append to `\(file)`: the kernel would not get there, as it stops before: "
                + stop
        case .nothingToAppend(let overlays):
            "nothing to append: `\(overlays.joined(separator: " "))` holds no files"
        case .imageBusy(let file):
            "cannot append to `\(file)`: another process holds it"
        case .unified(let file):
            "cannot append to `\(file)`: it is a unified kernel image"
        case .kernelCompared(let file):
            "cannot compare `\(file)`: it is a kernel, expected an initramfs"
        case .unknownArch(let name, _):
            "architecture `\(name)` is not known: expected one of "
                + Arch.all.map(\.name).joined(separator: ", ")
        case .compressorFailed:
            "cannot compress the image: the compressor has no memory left"
        case .outputFailed(let file, let reason):
            "cannot write `\(file)`: \(reason)"
        case .outputFull(let file):
            "cannot write `\(file)`: no space left on the device, and nothing was kept"
        case .unbootable(let name, let reason, _):
            "initramfs `\(name)`: \(reason)"
        default: ""
        }
    }

    private var hint: String? {
        switch self {
        case .nameHasDotDot: "write the path without `..`"
        case .badMode: "Lua has no octal numbers: write the mode as a string"
        case .symlinkLoop: "remove one of the symlinks"
        case .clash: "remove the first one, or use another path"
        case .fileTooLarge: "hand large data to the guest as a disk"
        case .hostFileChanged, .hostFileShrank: "run it again when nothing writes to the file"
        case .hostFileHasMore: "copy it to a regular file first"
        case .notBusybox: "give the path of a busybox program, for example /bin/busybox"
        case .unknownApplet(_, let near): near.map { "did you mean `\($0)`?" }
        case .unknownCodec(_, let near), .unknownArch(_, let near),
            .noSuchEntry(_, _, let near):
            near.map { "did you mean `\($0)`?" }
        case .appendUnreachable: "`qsh lint` says where and why"
        case .imageBusy: "run it again when the other one has ended; `fuser -v` names it"
        case .unified: "append to the initramfs, then make the kernel image of it anew"
        case .outputFull, .extractionFull: "free some space, or write to another disk"
        default: nil
        }
    }
}

/// A long name is shown by its start.
private func start(_ raw: [UInt8]) -> String {
    raw.count <= 60 ? printable(raw) : printable(raw.prefix(60)) + "…"
}
