import CLinux
import Glibc
import SystemPackage

/// A child process in a session or group of its own, which dies with qsh, `kill -9` included.
///
/// Dropping the last reference kills it. Whatever it leaves in its group is killed when it ends.
@LoopActor
public final class ChildProcess {
    /// Which signals of the terminal reach the child.
    public enum Isolation: Sendable {
        /// A session: no controlling terminal at all.
        case newSession
        /// A process group: the terminal is there, but its Ctrl-C is not for the child.
        case newGroup
    }

    /// The process, which is also its group.
    public nonisolated let pid: Int32
    /// How it ended; nil while it runs.
    public var exit: ProcessExit? { reaper.exit }
    /// Notified when it ends.
    public var changed: Broadcast { reaper.changed }

    private let reaper: ChildReaper

    private init(_ child: qspawn_child) {
        pid = child.pid
        reaper = ChildReaper(child)
    }

    isolated deinit { reaper.signal(SIGKILL) }

    /// Starts a command.
    ///
    /// - Parameter descriptors: number in the child to descriptor here; 0, 1 and 2 that are not
    ///   among them are `/dev/null`. The descriptors here stay open and are the caller's.
    /// - Throws: ``ProcessError``, also where the program could not be executed.
    public static func spawn(
        _ command: Command, descriptors: [Int32: Int32] = [:], isolation: Isolation = .newSession
    ) throws(ProcessError) -> ChildProcess {
        if command.holdsNUL { throw .holdsNUL(program: command.program) }
        guard let path = command.location else { throw .notFound(program: command.program) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else {
            throw .cannotStart(program: command.program, Errno(rawValue: errno))
        }
        defer { close(null) }
        var placed = descriptors
        for number: Int32 in 0...2 where placed[number] == nil { placed[number] = null }
        var child = qspawn_child()
        let failure = start(command, path, placed, isolation, &child)
        guard failure.error == 0 else { throw ProcessError(command, path, failure) }
        return ChildProcess(child)
    }

    private static func start(
        _ command: Command, _ path: FilePath, _ placed: [Int32: Int32], _ isolation: Isolation,
        _ child: inout qspawn_child
    ) -> qspawn_failure {
        let list = placed.map { qspawn_descriptor(child: $0.key, host: $0.value) }
        let arguments = CStringList(command.words)
        let environment = CStringList(command.mergedEnvironment)
        let directory = CStringList(command.workingDirectory.map { [$0.platformBytes] } ?? [])
        let program = CStringList([path.platformBytes])
        return list.withUnsafeBufferPointer { list in
            var request = qspawn_request(
                path: program.first, arguments: arguments.pointer, environment: environment.pointer,
                directory: directory.first, descriptors: list.baseAddress,
                descriptor_count: list.count, new_session: isolation == .newSession ? 1 : 0)
            return withExtendedLifetime((arguments, environment, directory, program)) {
                qspawn(&request, &child)
            }
        }
    }

    /// Sends a signal to the child and all of its group; nothing once it has ended.
    public func signal(_ number: Int32) { reaper.signal(number) }

    /// Waits for the end.
    ///
    /// - Returns: nil where the deadline passed first.
    public func waitForExit(until deadline: Deadline) async throws -> ProcessExit? {
        _ = try await changed.wait(until: deadline) { self.exit != nil }
        return exit
    }

    /// Ends the child: SIGTERM, after `grace` SIGKILL, and at most `limit` for the kernel to act.
    ///
    /// Not cancellable, since a cancelled owner is the usual reason to call it.
    /// - Returns: nil only where even SIGKILL did nothing in time (a process stuck in the kernel).
    @discardableResult
    public func stop(
        grace: Duration = .seconds(2), limit: Duration = .seconds(10)
    ) async -> ProcessExit? {
        guard exit == nil else { return exit }
        signal(SIGTERM)
        let stopped = LoopActor.task {
            if (try? await self.waitForExit(until: .after(grace))) == nil { self.signal(SIGKILL) }
            _ = try? await self.waitForExit(until: .after(limit))
        }
        await stopped.value
        return exit
    }
}

extension ProcessError {
    fileprivate init(_ command: Command, _ path: FilePath, _ failure: qspawn_failure) {
        let errno = Errno(rawValue: failure.error)
        let program = command.program
        switch (Int(failure.stage), errno, command.workingDirectory) {
        case (QSPAWN_DIRECTORY, _, let directory?):
            self = .noDirectory(program: program, directory: directory, errno)
        case (QSPAWN_EXEC, .noSuchFileOrDirectory, let directory):
            // execve(2) says the same of a script whose interpreter is missing.
            let file = directory.map { $0.pushing(path) } ?? path
            let exists = file.withPlatformString { access($0, F_OK) == 0 }
            self = exists ? .noInterpreter(program: program) : .noSuchFile(program: program)
        default: self = .cannotStart(program: program, errno)
        }
    }
}

/// A NULL-ended array of C strings, as execve(2) takes it.
private final class CStringList {
    private let copies: [UnsafeMutablePointer<CChar>?]
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    init(_ texts: [[UInt8]]) {
        copies = texts.map { text in
            text.withUnsafeBytes { bytes in
                let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
                copy.initialize(repeating: 0, count: bytes.count + 1)
                UnsafeMutableRawPointer(copy).copyMemory(
                    from: bytes.baseAddress ?? UnsafeRawPointer(copy), byteCount: bytes.count)
                return copy
            }
        }
        pointer = .allocate(capacity: texts.count + 1)
        pointer.initialize(repeating: nil, count: texts.count + 1)
        for (index, copy) in copies.enumerated() { pointer[index] = copy }
    }

    deinit {
        for copy in copies { copy?.deallocate() }
        pointer.deallocate()
    }

    var first: UnsafePointer<CChar>? { copies.first?.map { UnsafePointer($0) } }
}
