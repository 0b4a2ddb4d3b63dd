import Glibc
import SystemPackage

extension Machine {
    /// Copies what the guest has written to its drives, since the machine goes on writing.
    ///
    /// - Returns: the drives of a restored machine: the copies, whose changes are thrown away.
    func copyDrives(until deadline: Deadline) async throws -> ([QEMUOption], TemporaryDirectory?) {
        let isWritten = configuration.drives.map { $0["readonly"] != "on" && $0.hasMedium }
        guard isWritten.contains(true) else { return (configuration.drives, nil) }
        let sizes = try await driveSizes(until: deadline)
        let folder: TemporaryDirectory
        do throws(Errno) {
            folder = try TemporaryDirectory(prefix: "qsh-drives")
        } catch {
            throw SnapshotError.noRoom(error)
        }
        var drives = configuration.drives
        for index in drives.indices where isWritten[index] {
            let copy = folder.path.appending("\(index).img")
            let name = drives[index]["id"] ?? QEMUArguments.driveName(index)
            guard let size = sizes[name] else {
                throw SnapshotError.driveNotCopied(name, "QEMU does not tell its size")
            }
            try await copyDrive(name, size: size, to: copy, until: deadline)
            drives[index] = drives[index].onFile(copy)
        }
        return (drives, folder)
    }

    /// What the guest sees of each drive, in bytes.
    private func driveSizes(until deadline: Deadline) async throws -> [String: Int64] {
        let answer = try await qmp.execute("query-block", until: deadline)
        guard case .array(let drives) = answer else { return [:] }
        let pairs = drives.compactMap { drive -> (String, Int64)? in
            guard let name = drive["device"]?.text,
                case .integer(let size)? = drive["inserted"]?["image"]?["virtual-size"]
            else { return nil }
            return (name, size)
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Has QEMU copy a drive, changes that are to be thrown away included, into a sparse file.
    ///
    /// Into a node of our own: `drive-backup` opens its target with the flags of the source,
    /// "remove it when it is open" included (QEMU 7.2).
    private func copyDrive(
        _ name: String, size: Int64, to copy: FilePath, until deadline: Deadline
    ) async throws {
        do throws(Errno) {
            let file = try errnoOf {
                try FileDescriptor.open(
                    copy, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: .ownerReadWrite)
            }
            defer { try? file.close() }
            guard ftruncate(file.rawValue, off_t(size)) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            throw SnapshotError.noRoom(error)
        }
        let node = "qsh-copy-\(qmp.eventCount)"
        do {
            try await qmp.execute(
                "blockdev-add",
                [
                    "node-name": .string(node), "driver": "raw", "detect-zeroes": "unmap",
                    "discard": "unmap",
                    "file": [
                        "driver": "file", "filename": .string(copy.string), "discard": "unmap",
                    ],
                ], until: deadline)
        } catch QMPError.refused(_, _, let words) {
            throw SnapshotError.driveNotCopied(name, words)
        }
        do {
            try await backUp(name, to: node, until: deadline)
        } catch {
            _ = try? await qmp.execute(
                "blockdev-del", ["node-name": .string(node)], until: .after(.seconds(5)))
            throw error
        }
        try await qmp.execute("blockdev-del", ["node-name": .string(node)], until: deadline)
    }

    private func backUp(
        _ name: String, to node: String, until deadline: Deadline
    ) async throws {
        let before = qmp.eventCount
        do {
            try await qmp.execute(
                "blockdev-backup",
                [
                    "device": .string(name), "job-id": "qsh-copy", "target": .string(node),
                    "sync": "full",
                ], until: deadline)
        } catch QMPError.refused(_, _, let words) {
            throw SnapshotError.driveNotCopied(name, words)
        }
        let event = try await qmp.event(
            "BLOCK_JOB_COMPLETED", "BLOCK_JOB_ERROR", "BLOCK_JOB_CANCELLED", after: before,
            until: deadline)
        if event?.name == "BLOCK_JOB_COMPLETED", event?.data["error"] == nil { return }
        throw SnapshotError.driveNotCopied(
            name, event?.data["error"]?.text ?? event?.name ?? "it took too long")
    }
}

private func errnoOf<Result>(_ body: () throws -> Result) throws(Errno) -> Result {
    do { return try body() } catch { throw error as? Errno ?? .ioError }
}

extension QEMUOption {
    /// Whether it is a file or the like, and no empty tray.
    fileprivate var hasMedium: Bool { leading != nil || self["file"] != nil }

    /// The same drive with another file behind it, whose changes are thrown away.
    fileprivate func onFile(_ path: FilePath) -> QEMUOption {
        var drive = self
        drive.leading = nil
        drive.properties.removeAll { ["file", "format", "snapshot"].contains($0.key) }
        drive.properties += [
            .init("file", path.string), .init("format", "raw"), .init("snapshot", "on"),
        ]
        return drive
    }
}
