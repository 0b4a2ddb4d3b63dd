import SystemPackage

/// Reads an image as the kernel does: which archives it holds, what tree comes of it, where the
/// kernel stops and what it loses.
///
/// Memory is bounded by the tree, not by the image or what it unpacks to.
public struct InitramfsReader {
    /// What a reading is to bring beside the tree.
    public struct Options {
        /// Whether files get an MD5 of their first 64 KiB.
        public var digests = false
        /// Whether files get a CRC-64 of all their contents.
        public var sums = false
        /// Whether ELF programs and libraries get what they need of others.
        public var programs = false
        /// Bytes that the entries of compressed segments may take in memory, where that is more
        /// than ten times the image: a real root of 100,000 files takes 105 MB.
        public var largestTree = 64 << 20
        /// Asked now and then; true ends the reading, whose result is then good for nothing.
        public var isCancelled: (() -> Bool)?
        /// Is told of each file that is written from its start: the inode's number in the tree,
        /// and how many bytes of its former content stay until they are written over.
        public var onStart: ((Int, UInt64) -> Void)?
        /// Gets the data of files as they pass: the inode's number in the tree, and bytes that
        /// are valid during the call only. A later entry may write the same inode anew.
        public var onContent: ((Int, UnsafeRawBufferPointer) -> Void)?

        /// Asks for nothing more.
        public init() {}
    }

    /// More than any real image unpacks to: where a bomb is stopped.
    private static let largestUnpacked = 64 << 30

    private let input: ImageInput
    private let isCancelled: (() -> Bool)?
    private let largestTree: Int
    private var unpacker: CpioUnpacker
    private var segments: [InitramfsSegment] = []
    private var findings: [InitramfsFinding] = []
    private var reportedLosses = 0
    private var total = 0

    private init(_ input: ImageInput, _ options: Options) {
        self.input = input
        unpacker = CpioUnpacker(options)
        isCancelled = options.isCancelled
        largestTree = max(options.largestTree, 10 * input.remaining)
    }

    /// Reads a file, on the calling thread; bad content becomes findings.
    ///
    /// Of a unified kernel image, the initramfs in it, with offsets in the whole file.
    ///
    /// - Throws: where the file cannot be read.
    public static func read(
        _ file: FilePath, _ options: Options = .init()
    ) throws(InitramfsError) -> InitramfsImage {
        let part = UnifiedKernelImage(looking: file)?.initramfs
        var image = try read(options) { () throws(InitramfsError) in
            try ImageInput(opening: file, part: part)
        }
        if let part { image.moveOffsets(by: part.lowerBound) }
        return image
    }

    /// Reads an image in memory; bad content becomes findings.
    public static func read(
        bytes: [UInt8], _ options: Options = .init()
    ) throws(InitramfsError) -> InitramfsImage {
        try read(options) { ImageInput(bytes: bytes) }
    }

    private static func read(
        _ options: Options, _ open: () throws(InitramfsError) -> ImageInput
    ) throws(InitramfsError) -> InitramfsImage {
        var reader = InitramfsReader(try open(), options)
        var image = try reader.run()
        if options.digests, let inode = reader.unpacker.builder.overwritten {
            var collected = OverwrittenFile(inode)
            var again = Options()
            again.onStart = { collected.start($0, keeping: $1) }
            again.onContent = { collected.write($0, $1) }
            reader = InitramfsReader(try open(), again)
            _ = try reader.run()
            for index in image.tree.indices where image.tree[index].inode == inode {
                image.tree[index].digest = collected.digest(ofSize: image.tree[index].size)
            }
        }
        return image
    }

    private mutating func run() throws(InitramfsError) -> InitramfsImage {
        let length = input.end
        let configuration = try cutBootConfiguration()
        while unpacker.message == nil, input.remaining > 0 {
            let first = try input.peek(2)
            if first[0] == UInt8(ascii: "0"), input.position & 3 == 0 {
                try readArchive()
            } else if first[0] == 0 {
                try skipPadding()
            } else if let codec = InitramfsCodec.detect(first) {
                try readCompressed(codec)
            } else {
                unpacker.stop("invalid magic at start of compressed archive")
                describeJunk(first)
            }
        }
        finish()
        if let configuration { segments.append(configuration) }
        if segments.allSatisfy({ $0.entries == 0 }), unpacker.message == nil {
            note(.error, 0, "the image holds no entries")
        }
        // A segment's losses are known at its end, what stopped it before that.
        let ordered = findings.enumerated()
            .sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
        return InitramfsImage(
            length: length, segments: segments, tree: unpacker.builder.tree.nodes(),
            findings: ordered.map(\.element), endsInTrailer: unpacker.sawTrailer,
            stop: unpacker.message)
    }

    private mutating func skipPadding() throws(InitramfsError) {
        let window = try input.peek()
        input.advance(window.firstIndex { $0 != 0 } ?? window.count)
    }

    private mutating func note(
        _ severity: InitramfsFinding.Severity, _ offset: Int, _ message: String
    ) {
        findings.append(InitramfsFinding(severity, at: offset, message))
    }
}

extension InitramfsReader {
    /// Reads one uncompressed archive: up to its trailer, or to something that is no entry.
    private mutating func readArchive() throws(InitramfsError) {
        let start = input.position
        var end = start
        unpacker.rebase(to: start)
        unpacker.entriesInSegment = 0
        unpacker.builder.begin(segment: segments.count, at: nil)
        unpacker.start()
        while unpacker.message == nil {
            let window = try input.peek()
            if window.isEmpty { break }
            input.advance(unpacker.consume(window))
            guard unpacker.state == .reset else { continue }
            // Between two entries: NULs are padding, `0` is the next entry, all else is not ours.
            end = max(end, unpacker.entryEnd)
            let next = try input.peek()
            guard let byte = next.first, byte == UInt8(ascii: "0"), input.position & 3 == 0,
                !unpacker.sawTrailer, !tooMuch(input.position - start)
            else { break }
            unpacker.start()
        }
        reportLosses(in: nil)
        // Padding is looked at after the entry, everything else at its header.
        reportStop(at: unpacker.state == .reset ? input.position : unpacker.headerOffset)
        let length = unpacker.state == .reset ? end - start : input.position - start
        append(.none, start, length, unpacked: length)
    }

    private mutating func readCompressed(
        _ codec: InitramfsCodec
    ) throws(InitramfsError) {
        let start = input.position
        unpacker.rebase(to: 0)
        unpacker.entriesInSegment = 0
        unpacker.builder.begin(segment: segments.count, at: start)
        var produced = 0
        var excess = false
        let end = try codec.decode(input) { bytes in
            produced += bytes.count
            excess = tooMuch(produced)
            return !excess && unpacker.flush(bytes)
        }
        if excess { unpacker.stop("too much data") }
        for (severity, text) in end.findings { note(severity, start, text) }
        if let message = end.message { unpacker.stop(message) }
        if unpacker.state != .reset {
            describeCut(at: start)
            unpacker.stop("junk at the end of compressed archive")
        } else if produced == 0, segments.isEmpty {
            note(
                .error, start,
                "the first segment unpacks to nothing: unless another archive "
                    + "comes before it, the kernel stops here")
        }
        reportLosses(in: start)
        reportStop(at: start)
        append(codec, start, input.position - start, unpacked: produced)
    }

    private mutating func append(
        _ codec: InitramfsCodec, _ start: Int, _ length: Int, unpacked: Int
    ) {
        total += unpacked
        segments.append(
            InitramfsSegment(
                offset: start, length: length, unpackedLength: unpacked, codec: codec,
                entries: unpacker.entriesInSegment, isEarly: false))
    }

    private mutating func tooMuch(_ produced: Int) -> Bool {
        if let isCancelled, isCancelled() {
            unpacker.stop("cancelled")
            return true
        }
        if total + produced <= Self.largestUnpacked,
            unpacker.builder.size <= largestTree
        {
            return false
        }
        unpacker.stop("too much data")
        return true
    }
}

extension InitramfsReader {
    /// The image is over: what is still open is cut.
    private mutating func finish() {
        let missing = unpacker.missing
        if missing > 0, segments.last?.codec == InitramfsCodec.none, unpacker.message == nil {
            note(
                .error, unpacker.headerOffset,
                "the image is cut short: this entry misses "
                    + "\(missing) bytes, which the kernel does not notice")
        }
        unpacker.builder.finish()
        // Up to three bytes of padding may follow later.
        if missing > 3 { unpacker.stop("it is cut short") }
        judgeEarlyFiles()
    }

    /// `lib/earlycpio.c` looks for exact names, from the first byte on, through uncompressed
    /// entries only.
    private mutating func judgeEarlyFiles() {
        let firstCompressed = segments.firstIndex { $0.codec != .none } ?? segments.count
        for (name, segment) in unpacker.builder.earlyFiles where segment < segments.count {
            let plain = name.first == UInt8(ascii: ".") ? Array(name.dropFirst(2)) : name
            guard
                plain.starts(with: "kernel/x86/microcode/".utf8)
                    || plain.starts(with: "kernel/firmware/acpi/".utf8)
            else { continue }
            if segment < firstCompressed, plain == name {
                segments[segment].isEarly = true
            } else {
                let why =
                    segment < firstCompressed
                    ? "its name starts with `./`"
                    : "it comes after a compressed segment"
                note(
                    .warning, segments[segment].offset,
                    "`\(printable(name))` is not seen by the early boot code: \(why)")
            }
        }
    }

    /// - Parameter segment: offset of the compressed segment they are in; nil for raw ones.
    private mutating func reportLosses(in segment: Int?) {
        let losses = unpacker.builder.losses
        for (offset, loss, name) in losses[reportedLosses...] {
            note(loss.severity, segment ?? offset, loss.message(name))
        }
        reportedLosses = losses.count
    }

    private mutating func reportStop(at offset: Int) {
        guard let message = unpacker.message else { return }
        let left = input.remaining
        let rest = left > 0 ? "; the \(left) bytes behind it are not unpacked" : ""
        note(.error, offset, "the kernel stops here: \(message)\(rest)")
    }

    private mutating func describeCut(at offset: Int) {
        guard unpacker.message == nil, unpacker.missing > 0 else { return }
        note(
            .error, offset,
            "an entry does not end in the compressed segment that it starts in: "
                + "\(unpacker.missing) bytes are missing")
    }

    private mutating func describeJunk(_ first: UnsafeRawBufferPointer) {
        let names: [([UInt8], String)] = [
            ([0x04, 0x22], "an lz4 frame: the kernel takes the legacy form only, `lz4 -l`"),
            ([0x50, 0x2a], "a skippable zstd frame"),
            ([0x4d, 0x5a], "a kernel or an EFI program, not an initramfs"),
            ([0x7f, 0x45], "an ELF file, not an initramfs"),
        ]
        let what =
            names.first { first.starts(with: $0.0) }?.1
            ?? (first[0] == UInt8(ascii: "0")
                ? "an archive whose offset is not a multiple of 4" : "no archive that it knows")
        note(.error, input.position, "the kernel finds junk here: \(what)")
        reportStop(at: input.position)
    }

    /// The tail that `init/main.c` cuts off: data, size, sum, and a magic of 12 bytes, which up to
    /// three bytes of padding may follow.
    private mutating func cutBootConfiguration() throws(InitramfsError) -> InitramfsSegment? {
        let magic = Array("#BOOTCONFIG\n".utf8)
        let tailSize = 8 + magic.count
        let length = input.end
        for padding in 0..<4 where length >= tailSize + padding {
            let start = length - padding - tailSize
            let tail = try input.bytes(at: start, count: tailSize)
            guard tail.count == tailSize, tail.suffix(magic.count).elementsEqual(magic) else {
                continue
            }
            let size = Int(tail.withUnsafeBytes { $0.littleEndian32(at: 0) })
            guard size <= start else {
                note(
                    .error, start,
                    "the boot configuration claims \(size) bytes, more than there "
                        + "are in front of it")
                return nil
            }
            input.cut(at: start - size)
            return InitramfsSegment(
                offset: start - size, length: length - (start - size), unpackedLength: size,
                codec: .bootconfig, entries: 0, isEarly: false)
        }
        return nil
    }
}
