import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

/// Files in and out, by an agent on this machine.
@Suite struct GuestFileTests {
    init() { TestLoop.start() }

    private static var soon: Deadline { .after(.seconds(20)) }

    @Test @LoopActor func fileGoesInAndComesOutTheSame() async throws {
        let folder = try Folder()
        let agent = try HostAgent()
        defer { agent.stop() }
        let bytes = randomBytes(5_000_001, seed: 3)
        let path = "\(folder.path)/file"
        try await agent.channel.copyIn(path, mode: 0o751, from: .bytes(bytes), until: Self.soon)
        var received: [UInt8] = []
        try await agent.channel.copyOut(path, until: Self.soon) { received += $0 }

        #expect(received == bytes)
        #expect(folder.names == ["file"])
        var status = stat()
        stat(path, &status)
        #expect(status.st_mode & 0o7777 == 0o751)
    }

    @Test @LoopActor func fileThatCannotBeSplicedIsRead() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        var received: [UInt8] = []
        try await agent.channel.copyOut("/proc/version", until: Self.soon) { received += $0 }

        #expect(received.starts(with: "Linux version".utf8))
    }

    @Test @LoopActor func cancelledCopyLeavesNothing() async throws {
        let folder = try Folder()
        let agent = try HostAgent()
        defer { agent.stop() }
        let started = Broadcast()
        var pieces = 0
        let task = LoopActor.task {
            try? await agent.channel.copyIn(
                "\(folder.path)/file",
                from: .source {
                    pieces += 1
                    started.notify()
                    // The second piece never comes.
                    if pieces > 1 { _ = try await Broadcast().wait(until: Self.soon) { false } }
                    return [1, 2, 3]
                }, until: Self.soon)
        }
        _ = try await started.wait(until: Self.soon) { pieces > 1 }
        while folder.names.isEmpty { try await agent.channel.ping(until: Self.soon) }
        task.cancel()
        await task.value
        let limit = Self.soon
        while !folder.names.isEmpty, !limit.hasPassed {
            try await agent.channel.ping(until: Self.soon)
        }

        #expect(folder.names.isEmpty)
    }

    @Test @LoopActor func deadAgentLeavesNoHalfFile() async throws {
        let folder = try Folder()
        let agent = try HostAgent()
        defer { agent.stop() }
        var pieces = 0
        let asked = Broadcast()
        let task = LoopActor.task {
            try? await agent.channel.copyIn(
                "\(folder.path)/file",
                from: .source {
                    pieces += 1
                    asked.notify()
                    if pieces > 1 { _ = try await Broadcast().wait(until: Self.soon) { false } }
                    return [1, 2, 3]
                }, until: Self.soon)
        }
        _ = try await asked.wait(until: Self.soon) { pieces > 1 }
        while folder.names.isEmpty { try await agent.channel.ping(until: Self.soon) }
        agent.kill()
        await task.value
        let limit = Self.soon
        while !folder.names.isEmpty, !limit.hasPassed {
            _ = try await asked.wait(until: .after(.milliseconds(5))) { false }
        }

        #expect(folder.names.isEmpty)
    }

    @Test @LoopActor func badPathsAreNamed() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        await #expect(
            throws: GuestAgentError.file(
                path: "/no/file", action: "open", .noSuchFileOrDirectory)
        ) {
            try await agent.channel.copyOut("/no/file", until: Self.soon) { _ in }
        }
        await #expect(
            throws: GuestAgentError.file(path: "/tmp", action: "read", .isDirectory)
        ) {
            try await agent.channel.copyOut("/tmp", until: Self.soon) { _ in }
        }
        await #expect(
            throws: GuestAgentError.file(path: "/tmp", action: "open", .isDirectory)
        ) {
            try await agent.channel.copyIn("/tmp", from: .bytes([1]), until: Self.soon)
        }
    }

    @Test @LoopActor func fullDeviceIsAnError() async throws {
        let agent = try HostAgent()
        defer { agent.stop() }
        await #expect(
            throws: GuestAgentError.file(path: "/dev/full", action: "write", .noSpace)
        ) {
            try await agent.channel.copyIn("/dev/full", from: .bytes([1]), until: Self.soon)
        }
    }
}

/// A folder for one test, removed with what is in it.
private final class Folder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/qsh-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
