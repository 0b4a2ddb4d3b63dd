import CLinux
import Glibc
import SystemPackage

/// What a recorded console holds of trouble.
public struct ConsoleTriage: Sendable, Equatable {
    /// Every line by which the kernel reports trouble, those that a later `dmesg` repeats included.
    public var events: [CrashEvent]
    /// The same in groups: what follows from one accident, with all its lines.
    public var reports: [CrashReport]
    /// How many lines the console has.
    public var lineCount: Int
    /// The kernel's first line, `Linux version …`; nil where it is not there.
    public var banner: String?
    /// Whether the kernel's lines carry no stamps, so that they were told by their words alone.
    public var isUnstamped = false

    /// Reads a console, or any other log of a kernel.
    public init(of bytes: [UInt8]) {
        let stream = ConsoleStream(ConsoleConfiguration(), reportsReplays: true)
        var events: [CrashEvent] = []
        stream.onEvent = { event, _ in events.append(event) }
        bytes.withUnsafeBytes { buffer in
            var from = 0
            while from < buffer.count {
                let end = min(from + 65536, buffer.count)
                stream.feed(UnsafeRawBufferPointer(rebasing: buffer[from..<end]))
                stream.trim()
                from = end
            }
        }
        stream.finish()
        self.events = events
        reports = stream.watch.reports
        lineCount = stream.lineCount(endsWith: bytes.last)
        banner = ConsoleTriage.banner(in: bytes)
        guard !stream.log.hasStamps else { return }
        let unstamped = UnstampedLog(bytes)
        self.events = unstamped.events
        reports = unstamped.reports
        isUnstamped = !events.isEmpty
    }

    /// Reads a file.
    ///
    /// - Throws: ``TriageError``, or `CancellationError`.
    @LoopActor
    public static func read(_ path: FilePath) async throws -> ConsoleTriage {
        try await WorkerThread.run { _ in
            do throws(Errno) {
                let size = try fileSize(path)
                return ConsoleTriage(of: try readSmallFile(path, limit: size))
            } catch {
                throw TriageError(path: path, reason: error)
            }
        }
    }

    /// Pipes and files of `/proc` have no size: they are read as far as this.
    private static let leastSize = 16 << 20

    private static func fileSize(_ path: FilePath) throws(Errno) -> Int {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else {
            throw Errno(rawValue: errno)
        }
        return status.st_mode & S_IFMT == S_IFREG ? max(Int(status.st_size), 1) : leastSize
    }

    /// Every event of a console.
    public static func events(in bytes: [UInt8]) -> [CrashEvent] { ConsoleTriage(of: bytes).events }

    /// Whether the kernel panicked or oopsed.
    public var hasCrash: Bool { events.contains { $0.severity >= .oops } }

    private static func banner(in bytes: [UInt8]) -> String? {
        let mark = Array("Linux version ".utf8)
        return bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress,
                let hit = qlinux_memmem(base, buffer.count, mark, mark.count)
            else { return nil }
            let rest = buffer[(UnsafeRawPointer(hit) - base)...].prefix(1024)
            return String(
                decoding: rest.prefix { $0 != .lineFeed && $0 != .carriageReturn && $0 != 0 },
                as: UTF8.self)
        }
    }
}

/// A log that cannot be read.
public struct TriageError: DiagnosticError, Equatable {
    /// The file as it was named.
    public let path: FilePath
    /// What the system says.
    public let reason: Errno

    /// The text of the error.
    public var diagnostic: Diagnostic {
        let why = reason == .isDirectory ? "it is a folder" : reason.lowercased
        return Diagnostic(.usage, "cannot read log `\(path)`: \(why)")
    }
}
