import Glibc
import QshRuntime
import SystemPackage
import Testing

@Suite struct RunDirectoryTests {
    private let scratch: TemporaryDirectory
    private let base: RunDirectoryBase

    init() throws {
        scratch = try TemporaryDirectory(prefix: "qsh-test")
        base = RunDirectoryBase(path: scratch.path.appending("run"))
    }

    @Test func isListedLiveWithWhatWasRecorded() throws {
        let run = try RunDirectory.create(machine: "vm0", base: base)
        try run.record(Command(["qemu-system-x86_64", "-append", "a b"]))
        try run.record(pid: 4711)

        let found = try base.list()

        #expect(run.name == "vm0-\(getpid())-1")
        #expect(run.transcript == run.path.appending("console.log"))
        #expect(found.map(\.path) == [run.path])
        #expect(found.first?.isLive == true)
        #expect(found.first?.isKept == false)
        #expect(found.first?.owner == getpid())
        #expect(found.first?.pid == 4711)
        #expect(found.first?.command == "qemu-system-x86_64 -append 'a b'")
    }

    @Test func isGoneAfterRemove() throws {
        let run = try RunDirectory.create(machine: "vm0", base: base)
        run.remove()

        #expect(try base.list() == [])
    }

    @Test func keptOneSurvivesLaterCreations() throws {
        let run = try RunDirectory.create(machine: "vm0", base: base)
        run.remove(keeping: true)
        let second = try RunDirectory.create(machine: "vm0", base: base)

        let found = try base.list()

        #expect(found.map(\.isLive) == [false, true])
        #expect(found.map(\.isKept) == [true, false])
        #expect(second.name == "vm0-\(getpid())-2")
    }

    @Test func onlyTheNewestKeptOnesStay() throws {
        for number in 0..<22 {
            let run = try RunDirectory.create(machine: "vm\(number)", base: base)
            run.remove(keeping: true)
            var times = [timespec](repeating: timespec(tv_sec: 1000 + number, tv_nsec: 0), count: 2)
            utimensat(AT_FDCWD, run.path.string, &times, 0)
        }
        _ = try RunDirectory.create(machine: "last", base: base)

        let names = try base.list().compactMap { entry in
            entry.path.lastComponent?.string.prefix { $0 != "-" }
        }

        #expect(Set(names) == Set((2..<22).map { "vm\($0)" } + ["last"]))
    }

    @Test func deadOneIsListedThenRemovedByTheNextCreation() throws {
        var run: RunDirectory? = try RunDirectory.create(machine: "old", base: base)
        let path = try #require(run?.path)
        run = nil
        let dead = try base.list()
        let live = try RunDirectory.create(machine: "new", base: base)

        #expect(dead.map(\.path) == [path])
        #expect(dead.map(\.isLive) == [false])
        #expect(try base.list().map(\.path) == [live.path])
    }

    @Test(arguments: [
        ("../../etc", "_._.._etc"), (".hidden", "_hidden"), ("", "machine"),
        ("a b/c\n", "a_b_c_"), ("größe", "gr__e"),
    ])
    func nameStaysInsideTheFolder(machine: String, stem: String) throws {
        let run = try RunDirectory.create(machine: machine, base: base)

        #expect(run.name == "\(stem)-\(getpid())-1")
        #expect(run.path.removingLastComponent() == base.path)
    }

    @Test func foldersAndFilesAreTheUsersAlone() throws {
        let run = try RunDirectory.create(machine: "vm0", base: base)

        #expect(mode(base.path) == 0o700)
        #expect(mode(run.path) == 0o700)
        #expect(mode(run.path.appending("owner")) == 0o600)
    }

    @Test func refusesASymbolicLink() throws {
        symlink("/tmp", base.path.string)

        let error = #expect(throws: RunDirectoryError.self) {
            try RunDirectory.create(machine: "vm0", base: base)
        }

        #expect(
            error?.diagnostic.message == """
                cannot use `\(base.path)` for run folders: expected a folder of this user alone \
                (mode 0700), got a symbolic link
                """)
    }

    @Test func refusesAFolderOpenToOthers() throws {
        mkdir(base.path.string, 0o700)
        chmod(base.path.string, 0o777)

        let error = #expect(throws: RunDirectoryError.self) { try base.list() }

        #expect(
            error?.diagnostic.message == """
                cannot use `\(base.path)` for run folders: expected a folder of this user alone \
                (mode 0700), got mode 0777
                """)
    }

    @Test func saysWhichFolderCannotBeMade() throws {
        let missing = RunDirectoryBase(path: scratch.path.appending("no/such"))

        let error = #expect(throws: RunDirectoryError.self) {
            try RunDirectory.create(machine: "vm0", base: missing)
        }

        #expect(
            error?.diagnostic.message
                == "cannot make `\(missing.path)`: no such file or directory")
    }
}

@Suite struct TemporaryDirectoryTests {
    @Test func removesItsContentsWithoutFollowingLinks() throws {
        let outside = try TemporaryDirectory(prefix: "qsh-test")
        let precious = outside.path.appending("precious")
        close(open(precious.string, O_CREAT | O_WRONLY, 0o600))
        var folder: TemporaryDirectory? = try TemporaryDirectory(prefix: "qsh-test")
        let path = try #require(folder?.path)
        mkdir(path.appending("sub").string, 0o700)
        symlink(outside.path.string, path.appending("sub/link").string)
        #expect(mode(path) == 0o700)

        folder = nil

        #expect(access(path.string, F_OK) != 0)
        #expect(access(precious.string, F_OK) == 0)
    }

    @Test func aMissingParentIsAnError() {
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try TemporaryDirectory(in: "/no/such/folder")
        }
    }
}

private func mode(_ path: FilePath) -> mode_t? {
    var status = stat()
    return lstat(path.string, &status) == 0 ? status.st_mode & 0o7777 : nil
}
