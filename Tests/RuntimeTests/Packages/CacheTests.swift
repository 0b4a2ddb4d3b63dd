import Glibc
import QshRuntime
import SystemPackage
import Testing
import TestSupport

@Suite struct CacheTests {
    private let folder = TemporaryFolder()
    private var cache: Cache { Cache(root: folder.path.appending("qsh")) }

    init() { TestLoop.start() }

    private struct Stop: Error {}

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
        var count = 0
        var waited = 0
        let make: @LoopActor (FilePath) async throws -> FilePath = { scratch in
            count += 1
            _ = try await Broadcast().wait(until: .after(.milliseconds(200))) { false }
            return fill(scratch)
        }
        async let one = cache.entry(
            "e", until: .after(.seconds(10)), waiting: { waited += 1 }, make: make)
        async let other = cache.entry(
            "e", until: .after(.seconds(10)), waiting: { waited += 1 }, make: make)
        let paths = try await [one, other]
        #expect(paths[0] == paths[1])
        #expect(count == 1)
        #expect(waited == 1)
    }

    /// The holder is another process with half an entry, killed with SIGKILL: what it left is
    /// removed by the next one, which was waiting.
    @Test @LoopActor func aKilledProcessLeavesNothingForLong() async throws {
        _ = try await cache.entry("first", until: .after(.seconds(10)), make: fill)
        let root = cache.root
        let holder = try ChildProcess.spawn(
            Command(["sh", "-c", "exec 9>e.lock; flock 9; mkdir -p .e~dead/made; exec sleep 100"],
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
        let file = folder.write("file", "")

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
