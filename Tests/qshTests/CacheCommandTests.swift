import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// `qsh cache`, on a cache of the test's own: two entries, used in 2001 and in 2009.
struct CacheCommandTests {
    private let home: TestTree
    private var root: FilePath { home.path.appending("qsh") }

    init() throws {
        home = try TestTree()
        try home.write("qsh/kernel-old/vmlinux", [UInt8](repeating: 1, count: 3 << 20))
        try home.write("qsh/source-new/Makefile", [UInt8](repeating: 1, count: 40 << 10))
        try home.write("qsh/kernel-old.lock", "")
        for (name, time) in [("kernel-old", 1_000_000_000), ("source-new", 1_234_567_890)] {
            let times = [timeval(tv_sec: time, tv_usec: 0), timeval(tv_sec: time, tv_usec: 0)]
            _ = utimes(root.appending(name).string, times)
        }
    }

    private func cache(_ words: String...) async throws -> QshRun.Outcome {
        try await QshRun(["cache"] + words).with {
            $0.environment = ["XDG_CACHE_HOME": home.path.string, "TZ": "UTC"]
        }.finish()
    }

    @Test func lsHasSizesAndTheLongestUnusedFirst() async throws {
        let run = try await cache("ls")

        // With the folders' own blocks, which depend on the file system.
        let old = #/ {4}3\.0M {2}2001-09-09 01:46 {2}kernel-old\n/#
        let new = #/ {5}4[0-9]K {2}2009-02-13 23:31 {2}source-new\n/#
        let lines = run.stdout.split(separator: "\n").map { $0 + "\n" }
        try #require(lines.count == 2, "\(run.stdout)")
        #expect(lines[0].wholeMatch(of: old) != nil, "\(run.stdout)")
        #expect(lines[1].wholeMatch(of: new) != nil, "\(run.stdout)")
        #expect(run.stderr == "")
        #expect(run.status == 0)
    }

    @Test func jsonHasBytesAndSeconds() async throws {
        let run = try await cache("ls", "--json")

        let entries = try #require(JSONValue(parsing: Array(run.stdout.utf8)))
        guard case .array(let items) = entries else { return #expect(Bool(false), "\(entries)") }
        #expect(items.map { $0["name"]?.text } == ["kernel-old", "source-new"])
        #expect(items.map { $0["used"]?.integer } == [1_000_000_000, 1_234_567_890])
        #expect((items[0]["size"]?.integer ?? 0) >= 3 << 20)
    }

    @Test func cleanRemovesWhatIsNamed() async throws {
        let run = try await cache("clean", "kernel-old")

        #expect(run.stdout.hasSuffix("  kernel-old\n"))
        #expect(run.stderr == "qsh: 3.0M freed\n")
        #expect(home.names("qsh").filter { !$0.hasSuffix(".lock") } == ["source-new"])
    }

    @Test func cleanKeepsWhatAnotherBuilds() async throws {
        let lock = open(root.appending("kernel-old.lock").string, O_RDWR)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX) == 0)

        let run = try await cache("clean")

        #expect(run.stderr.contains("qsh: 1 kept: another qsh uses them\n"), "\(run.stderr)")
        #expect(home.names("qsh").filter { !$0.hasSuffix(".lock") } == ["kernel-old"])
    }

    @Test(arguments: [
        (
            ["clean", "kernel-odl"],
            "error: no entry `kernel-odl` in the cache\n  hint: did you mean `kernel-old`?\n"
        ),
        (
            ["clean", "x"],
            "error: no entry `x` in the cache\n  hint: `qsh cache ls` lists them\n"
        ),
        (
            ["ls", "x"],
            "error: `ls` takes no names\n  hint: `qsh cache --help` lists the options\n"
        ),
    ])
    func whatIsNotThereIsNamed(words: [String], message: String) async throws {
        let run = try await QshRun(["cache"] + words).with {
            $0.environment = ["XDG_CACHE_HOME": home.path.string]
        }.finish()

        #expect(run.stderr == message)
        #expect(run.status == 2)
        #expect(home.names("qsh").count == 3)
    }
}
