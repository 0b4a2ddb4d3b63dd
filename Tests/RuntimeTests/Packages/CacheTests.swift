import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

@Suite struct CacheTests {
    private let folder: TestTree
    private var cache: Cache { Cache(root: folder.path.appending("qsh")) }

    init() throws {
        TestLoop.start()
        folder = try TestTree()
    }

    private struct Stop: Error {}

    @LoopActor private final class Tally {
        enum Event: String { case made, waited }
        private(set) var events: [Event] = []
        func count(_ event: Event) { events.append(event) }
    }

    @LoopActor
    private func fill(_ scratch: FilePath) -> FilePath {
        let made = scratch.appending("made")
        mkdir(made.string, 0o755)
        close(open(made.appending("file").string, O_CREAT | O_WRONLY, 0o644))
        return made
    }

    @Test @LoopActor func anEntryIsMadeOnce() async throws {
        var count = 0
        for _ in 0..<3 {
            let path = try await cache.entry("e", until: .after(.seconds(10))) { scratch in
                count += 1
                return fill(scratch)
            }
            #expect(path == cache.root.appending("e"))
        }
        #expect(count == 1)
        #expect(folder.names("qsh/e") == ["file"])
        #expect(folder.names("qsh") == ["e", "e.lock"])
    }

    @Test @LoopActor func aFailureLeavesNothing() async throws {
        await #expect(throws: Stop.self) {
            try await cache.entry("e", until: .after(.seconds(10))) { scratch in
                _ = fill(scratch)
                throw Stop()
            }
        }
        #expect(folder.names("qsh") == ["e.lock"])
    }

    @Test @LoopActor func twoAtOnceMakeItOnce() async throws {
        let tally = Tally()
        let make: @LoopActor (FilePath) async throws -> FilePath = { scratch in
            tally.count(.made)
            _ = try await Broadcast().wait(until: .after(.milliseconds(200))) { false }
            return fill(scratch)
        }
        let enter: @LoopActor @Sendable () async throws -> FilePath = {
            try await cache.entry(
                "e", until: .after(.seconds(10)), waiting: { tally.count(.waited) }, make: make)
        }
        async let one = enter()
        async let other = enter()
        let paths = try await [one, other]
        #expect(paths[0] == paths[1])
        #expect(tally.events.sorted { $0.rawValue < $1.rawValue } == [.made, .waited])
    }

    /// The holder is another process with half an entry, killed with SIGKILL: what it left is
    /// removed by the next one, which was waiting.
    @Test @LoopActor func aKilledProcessLeavesNothingForLong() async throws {
        _ = try await cache.entry("first", until: .after(.seconds(10)), make: fill)
        let root = cache.root
        let holder = try ChildProcess.spawn(
            Command(
                ["sh", "-c", "exec 9>e.lock; flock 9; mkdir -p .e~dead/made; exec sleep 100"],
                workingDirectory: root))
        while !folder.names("qsh").contains(".e~dead") {
            _ = try await Broadcast().wait(until: .after(.milliseconds(5))) { false }
        }

        let path = try await cache.entry(
            "e", until: .after(.seconds(20)), waiting: { holder.signal(SIGKILL) }, make: fill)

        #expect(path == root.appending("e"))
        #expect(folder.names("qsh") == ["e", "e.lock", "first", "first.lock"])
    }

    @Test @LoopActor func waitingHasAnEnd() async throws {
        _ = try await cache.entry("first", until: .after(.seconds(10)), make: fill)
        let lock = open(cache.root.appending("e.lock").string, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
        defer { close(lock) }
        flock(lock, LOCK_EX)

        let error = await #expect(throws: CacheError.self) {
            try await cache.entry("e", until: .after(.milliseconds(250)), make: fill)
        }

        #expect(
            error?.diagnostic.message
                == "another qsh is still making `\(cache.root)/e`: gave up waiting for it")
    }

    @Test @LoopActor func aCacheThatIsAFileIsNamed() async throws {
        let file = try folder.write("file", "")

        let error = await #expect(throws: CacheError.self) {
            try await Cache(root: file.appending("qsh")).entry(
                "e", until: .after(.seconds(1)), make: fill)
        }

        #expect(
            error?.diagnostic
                == Diagnostic(
                    .usage, "cannot write to the cache `\(file)/qsh`: not a directory",
                    hint: "set XDG_CACHE_HOME to a folder that can be written"))
    }

    @Test(arguments: [
        (["HOME": "/h"], "/h/.cache/qsh"),
        (["HOME": "/h", "XDG_CACHE_HOME": "/x"], "/x/qsh"),
        (["HOME": "/h", "XDG_CACHE_HOME": ""], "/h/.cache/qsh"),
        (["HOME": "/h", "XDG_CACHE_HOME": "relative"], "/h/.cache/qsh"),
    ])
    func followsTheXDGSpecification(variables: [String: String], root: String) throws {
        #expect(try Cache.ofUser(environment: HostEnvironment(variables)).root == FilePath(root))
    }

    @Test func needsAHome() {
        let error = #expect(throws: CacheError.self) {
            try Cache.ofUser(environment: HostEnvironment([:]))
        }
        #expect(
            error?.diagnostic.message
                == "no folder for the cache: neither `XDG_CACHE_HOME` nor `HOME` is set")
    }
}
