import CLinux
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct ConsoleServerTests {
    init() { TestLoop.start() }

    /// One who is attached, and what they have seen.
    @LoopActor
    private final class Viewer {
        let channel: ByteChannel
        private(set) var seen = ""
        private let changed = Broadcast()

        init(_ folder: FilePath) throws {
            let descriptor = qunix_connect(folder.string, ConsoleServer.socketName)
            guard descriptor >= 0 else { throw Errno(rawValue: errno) }
            channel = ByteChannel(descriptor: descriptor)
            channel.onBytes = { [weak self] bytes in
                self?.seen += String(decoding: bytes, as: UTF8.self)
                self?.changed.notify()
            }
        }

        func sees(_ text: String) async throws -> Bool {
            try await changed.wait(until: .after(.seconds(5))) { self.seen.contains(text) }
        }
    }

    @Test @LoopActor func twoSeeTheSameAndBothType() async throws {
        let folder = try ScratchFolder()
        let guest = FakeGuest()
        let server = try ConsoleServer(guest.console, in: folder.path)
        defer { server.close() }
        let typed = Broadcast()
        guest.onTyped = { _ in typed.notify() }
        guest.prints("before\r\n")
        let first = try Viewer(folder.path)
        let second = try Viewer(folder.path)
        #expect(try await first.sees("before"))
        #expect(try await second.sees("before"))

        guest.prints("after\r\n")
        first.channel.enqueue(Array("one".utf8))
        let gotFirst = try await typed.wait(until: .after(.seconds(5))) {
            guest.typed.text == "one"
        }
        second.channel.enqueue(Array("two".utf8))
        let gotSecond = try await typed.wait(until: .after(.seconds(5))) {
            guest.typed.text == "onetwo"
        }

        #expect(gotFirst && gotSecond)
        #expect(try await first.sees("after"))
        #expect(try await second.sees("after"))
    }

    @Test @LoopActor func oneWhoLeavesDisturbsNobody() async throws {
        let folder = try ScratchFolder()
        let guest = FakeGuest()
        let server = try ConsoleServer(guest.console, in: folder.path)
        defer { server.close() }
        let first = try Viewer(folder.path)
        let second = try Viewer(folder.path)
        guest.prints("hello\n")
        #expect(try await first.sees("hello"))
        first.channel.close()
        guest.prints("again\n")

        #expect(try await second.sees("again"))
    }

    @Test @LoopActor func oneWhoReadsNothingIsLetGo() async throws {
        let folder = try ScratchFolder()
        let guest = FakeGuest()
        let server = try ConsoleServer(guest.console, in: folder.path)
        defer { server.close() }
        let stuck = try Viewer(folder.path)
        guest.prints("start\n")
        #expect(try await stuck.sees("start"))
        stuck.channel.isPaused = true
        for _ in 0..<200 { guest.prints([UInt8](repeating: 0x78, count: 64 * 1024)) }
        stuck.channel.isPaused = false

        #expect(try await stuck.channel.waitForEnd(until: .after(.seconds(10))))
        #expect(stuck.seen.utf8.count < 200 * 64 * 1024)
    }

    @Test @LoopActor func theMachinesEndEndsTheSessionAfterItsLastWords() async throws {
        let folder = try ScratchFolder()
        let guest = FakeGuest()
        let server = try ConsoleServer(guest.console, in: folder.path)
        let viewer = try Viewer(folder.path)
        guest.prints("start\n")
        #expect(try await viewer.sees("start"))
        guest.prints("last words\n")
        server.close()

        #expect(try await viewer.channel.waitForEnd(until: .after(.seconds(5))))
        #expect(viewer.seen.contains("last words"))
    }

    @Test @LoopActor func aFolderOfAnyLengthWillDo() throws {
        let folder = try ScratchFolder()
        let long = folder.path.appending(String(repeating: "x", count: 200))
        #expect(mkdir(long.string, 0o700) == 0)
        let server = try ConsoleServer(FakeGuest().console, in: long)
        defer { server.close() }

        _ = try Viewer(long)
    }
}
