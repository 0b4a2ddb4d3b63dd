/// The state machine of the kernel's `init/initramfs.c`, fed with the bytes of an archive in
/// pieces of any size, which builds the tree that the kernel builds.
///
/// It keeps the kernel's own order of steps, since which entry is lost, and where unpacking
/// stops, follow from it.
struct CpioUnpacker {
    enum State { case start, header, skip, name, copy, symlink, reset }

    /// PATH_MAX: the longest name with its NUL.
    private static let pathMaximum: UInt32 = 4096

    private(set) var state = State.reset
    /// What the kernel stops for; nil while it goes on.
    private(set) var message: String?
    /// Offset in the stream of the next byte.
    private(set) var offset = 0
    /// Entries so far in the present segment, without trailers.
    var entriesInSegment = 0
    /// Whether a trailer came last.
    var sawTrailer = false
    private(set) var header = CpioHeader()
    private(set) var headerOffset = 0
    var builder: TreeBuilder

    private var hasSum = false
    private var collected: [UInt8] = []
    private var wanted = 0
    private var nextHeader = 0
    private var bodyLeft = 0
    private var sum: UInt32 = 0

    init(_ options: InitramfsReader.Options) {
        builder = TreeBuilder(options)
    }

    /// Where the present or last entry ends, its padding included.
    var entryEnd: Int { nextHeader }

    /// Bytes of the present entry that have not come yet.
    var missing: Int {
        switch state {
        case .reset, .start: 0
        case .header: wanted - collected.count
        case .skip, .name, .copy, .symlink: max(0, nextHeader - offset)
        }
    }

    /// Begins a stream whose alignment counts from `offset`.
    mutating func rebase(to offset: Int) {
        self.offset = offset
    }

    /// Begins to read an archive header: the caller saw a `0`.
    mutating func start() { state = .start }

    mutating func stop(_ message: String) {
        if self.message == nil { self.message = message }
    }

    /// Takes bytes until they end, a byte is neither header nor padding, or the kernel stops.
    ///
    /// - Returns: how many were taken.
    mutating func consume(_ bytes: UnsafeRawBufferPointer) -> Int {
        var rest = bytes
        while step(&rest) {}
        return bytes.count - rest.count
    }

    /// What the kernel does with each piece of decompressed data.
    ///
    /// - Returns: false when it stops.
    mutating func flush(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while message == nil {
            let taken = consume(rest)
            if taken >= rest.count { return message == nil }
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            guard message == nil else { break }
            switch rest[0] {
            case UInt8(ascii: "0"): state = .start
            case 0: state = .reset
            default: stop("junk within compressed archive")
            }
        }
        return false
    }

    private mutating func step(_ bytes: inout UnsafeRawBufferPointer) -> Bool {
        switch state {
        case .start:
            headerOffset = offset
            collect(CpioHeader.size, for: .header)
            return true
        case .header: return collectMore(&bytes) && parseHeader()
        case .name: return collectMore(&bytes) && useName()
        case .symlink: return collectMore(&bytes) && makeSymlink()
        case .skip: return skip(&bytes)
        case .copy: return copy(&bytes)
        case .reset: return reset(&bytes)
        }
    }

    private mutating func eat(_ count: Int, _ bytes: inout UnsafeRawBufferPointer) {
        offset += count
        bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
    }

    private mutating func collect(_ count: Int, for next: State) {
        collected.removeAll(keepingCapacity: true)
        wanted = count
        state = next
    }

    private mutating func collectMore(_ bytes: inout UnsafeRawBufferPointer) -> Bool {
        let count = min(wanted - collected.count, bytes.count)
        collected.append(contentsOf: bytes[..<count])
        eat(count, &bytes)
        return collected.count == wanted
    }

    private mutating func parseHeader() -> Bool {
        hasSum = collected.starts(with: CpioHeader.magicWithSum)
        guard hasSum || collected.starts(with: CpioHeader.magic) else {
            stop(
                collected.starts(with: CpioHeader.magicPortable)
                    ? "incorrect cpio method used: use -H newc option" : "no cpio magic")
            return false
        }
        var isStrict = true
        header = CpioHeader(lenient: collected, isStrict: &isStrict)
        builder.begin(header, at: headerOffset)
        if !isStrict { builder.report(.badHex) }
        let nameField = Self.aligned(header.nameSize)
        nextHeader = (offset + nameField + Int(header.fileSize) + 3) & ~3
        bodyLeft = Int(header.fileSize)
        entriesInSegment += 1
        sawTrailer = false
        state = .skip
        let type = EntryType(mode: header.mode)
        if header.nameSize == 0 || header.nameSize > Self.pathMaximum {
            builder.report(.badNameSize(header.nameSize))
        } else if type == .symlink {
            if header.fileSize > Self.pathMaximum {
                builder.report(.targetTooLong(header.fileSize))
            } else {
                collect(nameField + Int(header.fileSize), for: .symlink)
            }
        } else if type == .regular || header.fileSize == 0 {
            collect(nameField, for: .name)
        } else {
            builder.report(.dataWhereNone(header.fileSize))
        }
        return true
    }

    /// The kernel's N_ALIGN: the name's field ends at a multiple of 4 behind a header of 110.
    private static func aligned(_ length: UInt32) -> Int { ((Int(length) + 1) & ~3) + 2 }

    /// The collected name without its NUL; nil where the kernel calls the archive malformed.
    private mutating func takeName() -> [UInt8]? {
        guard collected[Int(header.nameSize) - 1] == 0 else {
            stop("malformed archive")
            return nil
        }
        return Array(collected.prefix { $0 != 0 })
    }

    private mutating func useName() -> Bool {
        guard let name = takeName() else { return false }
        state = .skip
        if name == InitramfsPath.trailer {
            if header.mode != 0, header.fileSize > 0 { builder.report(.trailerWithData) }
            builder.endArchive()
            entriesInSegment -= 1
            sawTrailer = true
            return true
        }
        builder.judge(name)
        guard EntryType(mode: header.mode) == .regular else {
            builder.makeNode(name)
            return true
        }
        if builder.openFile(name) {
            sum = 0
            state = .copy
        }
        return true
    }

    private mutating func makeSymlink() -> Bool {
        guard let name = takeName() else { return false }
        let target = collected[Self.aligned(header.nameSize)...].prefix { $0 != 0 }
        builder.judge(name)
        builder.makeSymlink(name, target: Array(target))
        state = .skip
        return true
    }

    private mutating func copy(_ bytes: inout UnsafeRawBufferPointer) -> Bool {
        let count = min(bodyLeft, bytes.count)
        let part = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        builder.write(part)
        if hasSum { for byte in part { sum &+= UInt32(byte) } }
        bodyLeft -= count
        eat(count, &bytes)
        if bodyLeft > 0 { return false }
        builder.closeFile(complete: true)
        state = .skip
        if hasSum, sum != header.check {
            builder.report(.badSum(expected: header.check, got: sum))
            stop("bad data checksum")
        }
        return message == nil
    }

    private mutating func skip(_ bytes: inout UnsafeRawBufferPointer) -> Bool {
        let count = min(nextHeader - offset, bytes.count)
        eat(count, &bytes)
        if offset < nextHeader { return false }
        state = .reset
        return true
    }

    private mutating func reset(_ bytes: inout UnsafeRawBufferPointer) -> Bool {
        let count = bytes.firstIndex { $0 != 0 } ?? bytes.count
        eat(count, &bytes)
        if !bytes.isEmpty, offset & 3 != 0 { stop("broken padding") }
        return false
    }
}

/// The type bits of an entry's mode.
enum EntryType: UInt32 {
    case fifo = 0o01
    case character = 0o02
    case directory = 0o04
    case block = 0o06
    case regular = 0o10
    case symlink = 0o12
    case socket = 0o14

    init?(mode: UInt32) { self.init(rawValue: mode >> 12 & 0o17) }

    var nodeType: InitramfsNode.FileType {
        switch self {
        case .fifo: .fifo
        case .character: .character
        case .directory: .directory
        case .block: .block
        case .regular: .file
        case .symlink: .symlink
        case .socket: .socket
        }
    }
}
