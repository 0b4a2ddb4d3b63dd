import Glibc
import SystemPackage

extension CpioWriter {
    /// The file is looked at again after it was read, so that no mixture of two states gets in.
    mutating func writeHost(
        _ header: inout CpioHeader, _ path: InitramfsPath, _ file: FilePath,
        range: (offset: UInt64, length: UInt64)?
    ) throws(InitramfsError) {
        let descriptor = file.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        let opened = errno
        guard descriptor >= 0 else {
            throw .hostFileUnreadable(file, reason: Errno(rawValue: opened).description)
        }
        defer { close(descriptor) }
        guard let before = HostFile.status(of: descriptor) else { throw .hostFileChanged(file) }
        guard before.type == S_IFREG else {
            throw .hostFileWrongKind(file, got: before.kindName)
        }
        let length = try seek(descriptor, file, range, size: before.size)
        try check(size: length, path)
        header.fileSize = UInt32(length)
        try writeName(&header, path)
        try copy(from: descriptor, file, count: Int(length))
        guard let after = HostFile.status(of: descriptor), after.sameData(as: before) else {
            throw .hostFileChanged(file)
        }
        // Files of /proc say that they are empty.
        var more: UInt8 = 0
        if range == nil, read(descriptor, &more, 1) > 0 { throw .hostFileHasMore(file, length) }
        try pad(to: 4)
    }

    private func seek(
        _ descriptor: Int32, _ file: FilePath, _ range: (offset: UInt64, length: UInt64)?,
        size: UInt64
    ) throws(InitramfsError) -> UInt64 {
        guard let (offset, length) = range else { return size }
        let (end, overflow) = offset.addingReportingOverflow(length)
        if overflow || end > size {
            throw .hostRangeOutside(file, offset: offset, length: length, size: size)
        }
        lseek(descriptor, Int(offset), SEEK_SET)
        return length
    }

    private mutating func copy(
        from descriptor: Int32, _ file: FilePath, count: Int
    ) throws(InitramfsError) {
        let copied: Int
        do throws(ReadFailure) {
            copied = try sink.copy(from: descriptor, count: count)
        } catch {
            switch error {
            case .sink(let error): throw error
            case .source(let code):
                throw .hostFileUnreadable(file, reason: code.description)
            }
        }
        if copied < count {
            throw .hostFileShrank(file, expected: UInt64(count), got: UInt64(copied))
        }
        offset += copied
    }
}

extension HostFile.Status {
    /// Whether nothing was written between two looks at an open file.
    func sameData(as other: HostFile.Status) -> Bool {
        size == other.size && modified == other.modified
    }
}
