import CLzma

/// Does to the tree what the kernel does for each entry, and notes what it loses on the way.
struct TreeBuilder {
    /// Bytes of an executable that are kept to see what it is: an ELF interpreter's name is
    /// nearly always within them.
    private static let headSize = 1024
    private static let digestSize = 65_536
    /// Of the files that describe an image.
    private static let descriptionSize = 16 << 10
    /// The largest ELF file of which all is looked at; larger ones need hardly anything else.
    private static let programSize = 16 << 20

    private struct LinkKey: Hashable {
        var major, minor, inode: UInt32
        var type: UInt32
    }

    private struct FirstLink {
        var name: [UInt8]
        var segment: Int
        var hadData: Bool
        var count = 1
        /// Length and sum of the data that came first.
        var data: (size: UInt32, sum: UInt64)?
    }

    private struct OpenFile {
        var inode: Int
        var entry: CpioHeader
        /// Bytes of its former content that stay until they are written over.
        var kept: UInt64
        var digest: MD5?
        var headSize: Int
        /// Of a file that has other names: its first name's key, its own name, its data's sum.
        var link: (key: LinkKey, name: [UInt8], sum: UInt64)?
        /// All bytes so far of what may be an ELF file; nil where it is none.
        var program: [UInt8]?
    }

    private(set) var tree = KernelTree()
    private(set) var losses: [(offset: Int, loss: EntryLoss, name: [UInt8])] = []
    /// Counts segments, to tell links within one from links across two.
    private var segment = 0
    /// Where a compressed segment starts, which stands for the offsets of all its entries.
    private var segmentOffset: Int?
    /// What the kernel looks for in front of everything, seen by its exact name.
    private(set) var earlyFiles: [(name: [UInt8], segment: Int)] = []

    /// The inode of a file that the image's end cuts while it is written over what it held: the
    /// kernel leaves the old bytes behind the cut.
    private(set) var overwritten: Int?

    /// About how many bytes of memory the entries take.
    private(set) var size = 0
    /// Of one, without its name and target (measured).
    private static let entrySize = 1000
    /// `PATH_MAX`: longer ones are not kept.
    private static let pathLimit: UInt32 = 4096

    private let options: InitramfsReader.Options
    private var header = CpioHeader()
    private var headerOffset = 0
    private var links: [LinkKey: FirstLink] = [:]
    private var directoryTimes: [(path: [UInt8], time: UInt32)] = []
    private var file: OpenFile?

    init(_ options: InitramfsReader.Options) {
        self.options = options
    }

    /// - Parameter offset: in the image, of a compressed segment; nil for a raw one.
    mutating func begin(segment: Int, at offset: Int?) {
        self.segment = segment
        segmentOffset = offset
    }

    mutating func begin(_ header: CpioHeader, at offset: Int) {
        self.header = header
        headerOffset = offset
        size += Self.entrySize + Int(min(header.nameSize, Self.pathLimit))
        if type == .symlink { size += Int(min(header.fileSize, Self.pathLimit)) }
    }

    mutating func report(_ loss: EntryLoss, _ name: [UInt8] = []) {
        // A bomb of broken entries must not fill the memory with complaints.
        if losses.count < 10_000 { losses.append((headerOffset, loss, name)) }
    }

    mutating func endArchive() { links.removeAll() }

    /// What the kernel does after the last byte.
    mutating func finish() {
        closeFile(complete: false)
        // The kernel's list grows at its head and is walked from there.
        for (path, time) in directoryTimes.reversed() {
            if let inode = try? tree.look(up: path, follow: false).inode {
                tree[inode].modificationTime = time
            }
        }
    }

    /// The offset in the image that stands for the present entry.
    private var entryOffset: Int { segmentOffset ?? headerOffset }
    private var type: EntryType? { EntryType(mode: header.mode) }
    private var permissions: UInt16 { UInt16(header.mode & 0o7777) }

    /// Removes what is there under another type, as `clean_path` does; failing is not noticed.
    private mutating func clean(_ name: [UInt8], unless same: InitramfsNode.FileType?) {
        guard let inode = try? tree.look(up: name, follow: false).inode, tree[inode].type != same
        else { return }
        if tree[inode].type == .symlink, same == .directory { report(.replacesSymlink, name) }
        try? tree.remove(name, lookedUp: inode)
    }

    private var linkKey: LinkKey {
        LinkKey(
            major: header.deviceMajor, minor: header.deviceMinor, inode: header.inode,
            type: header.mode >> 12 & 0o17)
    }

    /// Data that comes twice for one inode has to be the same: a clash of two archives else.
    private mutating func compareLink(_ file: OpenFile) {
        guard let link = file.link, file.entry.fileSize > 0, let first = links[link.key] else {
            return
        }
        if let data = first.data {
            if data != (file.entry.fileSize, link.sum), first.segment == segment {
                report(.mergedInodes(first.name), link.name)
            }
        } else {
            links[link.key]?.data = (file.entry.fileSize, link.sum)
        }
    }

    /// - Returns: nil where it is no further link; else whether the link was made.
    private mutating func linkToFirst(_ name: [UInt8]) -> Bool? {
        guard header.links >= 2 else { return nil }
        let key = linkKey
        guard var first = links[key] else {
            links[key] = FirstLink(name: name, segment: segment, hadData: header.fileSize > 0)
            return nil
        }
        first.count += 1
        links[key] = first
        if first.segment != segment, first.hadData, header.fileSize > 0 {
            report(.mergedInodes(first.name), name)
        } else if first.count == Int(header.links) + 1 {
            report(.mergedInodes(name), name)
        }
        clean(name, unless: nil)
        do throws(KernelTree.Failure) {
            let old = try tree.look(up: first.name, follow: false)
            guard let inode = old.inode, tree[inode].type != .directory else {
                throw .noParent
            }
            try tree.link(inode, at: tree.look(up: name, follow: false))
            return true
        } catch {
            report(.linkFailed(first.name), name)
            return false
        }
    }

    private mutating func create(
        _ name: [UInt8], _ type: InitramfsNode.FileType
    ) throws(KernelTree.Failure) -> Int {
        let place = try tree.look(up: name, follow: true)
        return try make(type, at: place)
    }

    private mutating func make(
        _ type: InitramfsNode.FileType, at place: KernelTree.Place
    ) throws(KernelTree.Failure) -> Int {
        var inode = KernelTree.Inode(type: type)
        inode.offset = entryOffset
        return try tree.create(inode, at: place)
    }

    private mutating func findOrCreate(
        _ name: [UInt8], _ type: InitramfsNode.FileType
    ) throws(KernelTree.Failure) -> Int {
        let place = try tree.look(up: name, follow: true)
        if place.mustBeDirectory, type != .directory { throw .isDirectory }
        if let inode = place.inode { return inode }
        if place.mustBeDirectory {
            // mkdir never follows a symlink in the last place, not even before a slash.
            let bare = name[..<((name.lastIndex { $0 != UInt8(ascii: "/") } ?? -1) + 1)]
            if try tree.look(up: bare, follow: false).inode != nil { throw .exists }
        }
        return try make(type, at: place)
    }

    private mutating func own(_ inode: Int) {
        if header.uid != .max { tree[inode].uid = header.uid }
        if header.gid != .max { tree[inode].gid = header.gid }
    }
}

extension TreeBuilder {
    /// Reports a name that leads out of the folder that another program unpacks in.
    mutating func judge(_ name: [UInt8]) {
        let slash = UInt8(ascii: "/")
        if name.first == slash { report(.absolute, name) }
        if name.split(separator: slash).contains([0x2E, 0x2E]) { report(.dotDot, name) }
    }

    /// Makes anything but a file and a symlink.
    mutating func makeNode(_ name: [UInt8]) {
        clean(name, unless: type?.nodeType)
        guard let type else { return report(.unknownType(header.mode >> 12 & 0o17), name) }
        if type == .directory {
            makeDirectory(name)
        } else if linkToFirst(name) == nil {
            makeDevice(name, type.nodeType)
        }
    }

    private mutating func makeDirectory(_ name: [UInt8]) {
        directoryTimes.append((name, header.modificationTime))
        do throws(KernelTree.Failure) {
            let inode = try findOrCreate(name, .directory)
            if tree[inode].type != .directory { report(.lost(.exists), name) }
            own(inode)
            tree[inode].mode = permissions
        } catch {
            report(.lost(error), name)
        }
    }

    private mutating func makeDevice(_ name: [UInt8], _ type: InitramfsNode.FileType) {
        let inode: Int
        do throws(KernelTree.Failure) {
            inode = try create(name, type)
            tree[inode].device = header.nodeMajor << 20 | header.nodeMinor
            if header.nodeMinor >= 1 << 20 { report(.minorTooLarge(header.nodeMinor), name) }
        } catch {
            // A node of the same type stays, with its old number.
            guard case .exists = error, let old = try? tree.look(up: name, follow: true).inode
            else { return report(.lost(error), name) }
            inode = old
            if tree[inode].type != type { report(.lost(error), name) }
        }
        own(inode)
        tree[inode].mode = permissions
        tree[inode].modificationTime = header.modificationTime
    }

    mutating func makeSymlink(_ name: [UInt8], target: [UInt8]) {
        clean(name, unless: nil)
        do throws(KernelTree.Failure) {
            if target.count > InitramfsPath.maximumLength {
                report(.targetTooLong(UInt32(target.count)), name)
            } else {
                let inode = try create(name, .symlink)
                tree[inode].target = target
                tree[inode].mode = 0o777
                if target.isEmpty { report(.emptyTarget, name) }
            }
        } catch {
            report(.lost(error), name)
        }
        // The kernel does not look whether it is the symlink that it finds there.
        guard let inode = try? tree.look(up: name, follow: false).inode else { return }
        own(inode)
        tree[inode].modificationTime = header.modificationTime
    }

    /// - Returns: false where the kernel cannot, and steps over the data.
    mutating func openFile(_ name: [UInt8]) -> Bool {
        clean(name, unless: .file)
        let linked = linkToFirst(name)
        if linked == false { return false }
        do throws(KernelTree.Failure) {
            let inode = try findOrCreate(name, .file)
            guard tree[inode].type == .file else { throw .isDirectory }
            if linked == nil { tree[inode].size = 0 }
            open(inode, name, truncating: linked == nil)
            return true
        } catch {
            report(.lost(error), name)
            return false
        }
    }

    private mutating func open(_ inode: Int, _ name: [UInt8], truncating: Bool) {
        own(inode)
        tree[inode].mode = permissions
        let hasData = header.fileSize > 0
        let kept = truncating ? 0 : min(tree[inode].size, UInt64(header.fileSize))
        if hasData { tree[inode].size = UInt64(header.fileSize) }
        if header.fileSize >= 1 << 31 { report(.twoGigabytes(header.fileSize), name) }
        if name.starts(with: "kernel/".utf8) || name.starts(with: "./kernel/".utf8) {
            if earlyFiles.count < 1000 { earlyFiles.append((name, segment)) }
        }
        let rewrites = hasData || truncating
        if rewrites { tree[inode].modificationTime = nil }
        var opened = OpenFile(inode: inode, entry: header, kept: kept, headSize: 0)
        if header.links >= 2 { opened.link = (linkKey, name, 0) }
        if rewrites {
            tree[inode].head = []
            tree[inode].program = nil
            tree[inode].offset = entryOffset
            tree[inode].sum = options.sums ? 0 : nil
            opened.digest = options.digests ? MD5() : nil
            opened.program = options.programs ? [] : nil
            opened.headSize = Self.headSize(permissions, name)
            options.onStart?(inode, kept)
        }
        file = opened
    }

    /// How much is kept of the start of a file.
    private static func headSize(_ permissions: UInt16, _ name: [UInt8]) -> Int {
        if InitramfsMaker.descriptions.contains(name) { return descriptionSize }
        return permissions & 0o111 == 0 ? 0 : headSize
    }

    /// Takes the next bytes of the open file.
    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        guard let inode = file?.inode, !bytes.isEmpty else { return }
        let head = (file?.headSize ?? 0) - tree[inode].head.count
        if head > 0 { tree[inode].head += bytes.prefix(head) }
        let left = Self.digestSize - (file?.digest?.count ?? Self.digestSize)
        if left > 0 {
            file?.digest?.update(UnsafeRawBufferPointer(rebasing: bytes[..<min(left, bytes.count)]))
        }
        if let sum = tree[inode].sum {
            tree[inode].sum = lzma_crc64(bytes.base, bytes.count, sum)
        }
        if let sum = file?.link?.sum {
            file?.link?.sum = lzma_crc64(bytes.base, bytes.count, sum)
        }
        if file?.program != nil { collectProgram(bytes) }
        options.onContent?(inode, bytes)
    }

    private mutating func collectProgram(_ bytes: UnsafeRawBufferPointer) {
        let known = file?.program?.count ?? 0
        if known == 0, bytes.count >= 18,
            !ELFFields.starts(bytes) || Int(bytes[16]) + Int(bytes[17]) == 1
        {
            // No ELF file, or a kernel module, which needs no library.
            file?.program = nil
        } else if known + bytes.count > Self.programSize {
            // The headers of what is too long are at its start.
            if let file, let program = file.program {
                tree[file.inode].program = ELFProgram(program)
            }
            file?.program = nil
        } else {
            file?.program?.append(contentsOf: bytes)
        }
    }

    /// Ends the open file; where data is missing the rest reads as zeros, and the time stays.
    mutating func closeFile(complete: Bool) {
        guard var file else { return }
        self.file = nil
        if complete {
            tree[file.inode].modificationTime = file.entry.modificationTime
            compareLink(file)
        } else if file.kept > 0 {
            overwritten = file.inode
        }
        if let program = file.program { tree[file.inode].program = ELFProgram(program) }
        guard let count = file.digest?.count else { return }
        let size = min(tree[file.inode].size, UInt64(Self.digestSize))
        if count < Int(size) {
            [UInt8](repeating: 0, count: Int(size) - count).withUnsafeBytes {
                file.digest?.update($0)
            }
        }
        tree[file.inode].digest = file.digest?.finish() ?? []
    }
}
