import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct DebianPackageTests {
    private let package = DebianPackage("thing", arch: .ofHost, instead: "give `thing = PATH`")

    init() { TestLoop.start() }

    @LoopActor private final class Lines {
        var all: [String] = []
    }

    @LoopActor
    private func fetch(_ apt: FakeApt, _ package: DebianPackage? = nil) async throws -> [String] {
        let lines = Lines()
        _ = try await (package ?? self.package).fetch(
            into: apt.cache, environment: apt.environment, progress: { lines.all.append($0) })
        return lines.all
    }

    @LoopActor
    private func failure(_ apt: FakeApt) async -> Diagnostic? {
        let error = await #expect(throws: PackageError.self) { _ = try await fetch(apt) }
        let kept = apt.tree.names("cache").filter { !$0.hasSuffix(".lock") }
        #expect(kept == [] || kept == ["apt-\(Arch.ofHost.debian.architecture)"])
        return error?.diagnostic
    }

    @Test @LoopActor func isFetchedOnce() async throws {
        let apt = try FakeApt()
        try apt.contents.write("usr/share/thing", "x")

        #expect(try await fetch(apt) == ["fetching thing (2 MB)"])
        #expect(try await fetch(apt) == [])

        #expect(apt.log == ["download thing"])
        #expect(apt.tree.names("cache/\(package.entryName)/usr/share") == ["thing"])
    }

    @Test @LoopActor func twoAtOnceFetchOnce() async throws {
        let apt = try FakeApt(download: "sleep 0.3; echo deb >thing.deb")

        async let one = fetch(apt)
        async let other = fetch(apt)
        let lines = try await [one, other].flatMap { $0 }

        #expect(
            lines.sorted()
                == ["fetching thing (2 MB)", "waiting for another qsh that fetches thing"])
        #expect(apt.log == ["download thing"])
    }

    @Test @LoopActor func aMetapackageLeadsToWhatItNeeds() async throws {
        let apt = try FakeApt(records: [
            "meta": FakeApt.record(
                "meta", depends: "kmod | module-init, part-1 (= 2.0), libc6", size: 1000),
            "part-1": FakeApt.record("part-1", depends: "part-2, meta", size: 7_000_000),
            "part-2": FakeApt.record("part-2", size: 5_000_000),
        ])
        let package = DebianPackage("meta", arch: .ofHost, following: ["part-"], instead: "")

        #expect(try await fetch(apt, package) == ["fetching part-1 (12 MB)"])
        #expect(apt.log == ["download meta part-1 part-2"])
    }

    @Test @LoopActor func aCancelledFetchLeavesNothingAndTheNextOneSucceeds() async throws {
        let apt = try FakeApt(
            download: """
                echo half >thing.deb; \
                if [ ! -e "$0.once" ]; then touch "$0.once"; exec sleep 100; fi
                """)
        let task = LoopActor.task { _ = try? await fetch(apt) }
        while !apt.tree.names("bin").contains("apt-get.once") {
            _ = try await Broadcast().wait(until: .after(.milliseconds(5))) { false }
        }
        task.cancel()
        await task.value
        #expect(apt.tree.names("cache") == ["\(package.entryName).lock"])

        _ = try await fetch(apt)

        #expect(apt.tree.names("cache") == [package.entryName, "\(package.entryName).lock"])
    }

    @Test @LoopActor func listsThatAreMissingAreFetchedIntoTheCache() async throws {
        let apt = try FakeApt(records: [:])
        try apt.tree.write("later", FakeApt.record("thing"))
        let path = apt.tree.path
        let again = try FakeApt(
            records: [:], update: "cp '\(path)/later' \"${0%/bin/*}/lists/thing\"")
        mkdir(again.tree.path.appending("lists").string, 0o755)

        #expect(try await fetch(again) == ["updating package lists", "fetching thing (2 MB)"])
        #expect(again.log == ["update", "download thing"])
    }

    /// Seen with deb.debian.org: "File has unexpected size. Mirror sync in progress?"
    @Test @LoopActor func aMirrorInTheMiddleOfASyncIsAskedAgain() async throws {
        let apt = try FakeApt(
            download: """
                if [ ! -e "$0.once" ]; then \
                touch "$0.once"; \
                echo 'E: File has unexpected size. Mirror sync in progress?' >&2; exit 100; \
                fi; echo deb >thing.deb
                """)

        #expect(try await fetch(apt) == ["fetching thing (2 MB)", "updating package lists"])
        #expect(apt.log == ["download thing", "update", "download thing"])
    }

    @Test @LoopActor func saysWhereThereIsNoApt() async throws {
        let empty = try TestTree()
        let error = await #expect(throws: PackageError.self) {
            try await KernelFinder.debian(
                .ofHost, Cache(root: empty.path.appending("cache")),
                HostEnvironment(["PATH": empty.path.string])
            ) { _ in }
        }
        #expect(
            error?.diagnostic
                == Diagnostic(
                    .qemuDidNotStart,
                    "cannot fetch `\(Arch.ofHost.debian.kernelPackage)`: this system has no apt:"
                        + " `apt-get` was not found on PATH",
                    hint: "give `kernel = PATH` or set QSH_KERNEL"))
    }

    @Test @LoopActor func saysThatNobodyHasThePackage() async throws {
        #expect(
            await failure(try FakeApt(records: [:]))
                == Diagnostic(
                    .qemuDidNotStart,
                    "cannot fetch `thing`: apt's sources have no such package for"
                        + " \(Arch.ofHost.debian.architecture)",
                    hint: "give `thing = PATH`"))
    }

    @Test @LoopActor func saysThatTheServerCannotBeReached() async throws {
        let line =
            "E: Failed to fetch http://deb.debian.org/x  Temporary failure resolving 'deb.debian.org'"
        #expect(
            await failure(try FakeApt(download: "echo \"\(line)\" >&2; exit 100"))
                == Diagnostic(
                    .qemuDidNotStart, "cannot fetch `thing`: the package server cannot be reached",
                    notes: [line], hint: "check the network, or give `thing = PATH`"))
    }

    @Test @LoopActor func saysThatTheDiskIsFull() async throws {
        let line = "dpkg-deb: error: failed to write (No space left on device)"
        #expect(
            await failure(try FakeApt(unpack: "echo '\(line)' >&2; exit 2"))
                == Diagnostic(
                    .qemuDidNotStart,
                    "cannot fetch `thing`: no space left on the device, and nothing was kept",
                    notes: [line],
                    hint: "free some space, or set XDG_CACHE_HOME to a folder on another disk"))
    }

    @Test @LoopActor func givesAptsOwnWordsForTheRest() async throws {
        #expect(
            await failure(try FakeApt(download: "echo 'E: Hash Sum mismatch' >&2; exit 100"))
                == Diagnostic(
                    .qemuDidNotStart, "cannot fetch `thing`: apt could not download it",
                    notes: ["E: Hash Sum mismatch"], hint: "give `thing = PATH`"))
    }

    /// A package that unpacks to no kernel is not kept as one.
    @Test @LoopActor func whatFailsTheCheckIsNotKept() async throws {
        let name = Arch.ofHost.debian.kernelPackage
        let apt = try FakeApt(records: [name: FakeApt.record(name)])

        await #expect(throws: KernelFinderError.self) {
            try await KernelFinder.debian(.ofHost, apt.cache, apt.environment) { _ in }
        }

        #expect(apt.tree.names("cache") == ["\(name)_\(Arch.ofHost.debian.architecture).lock"])
    }
}
