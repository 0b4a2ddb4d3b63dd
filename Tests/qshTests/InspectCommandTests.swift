import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct InspectCommandTests {
    private static let vectors = QshRun.repository.appending("Tests/Fixtures/vectors")

    private static let expected: [JSONValue] = {
        let bytes = try? HostFile.contents(
            of: vectors.appending("expected.json"), limit: 1 << 24)
        guard case .array(let list) = bytes.flatMap({ JSONValue(parsing: $0) }) else { return [] }
        return list
    }()

    /// Entries by path; where the oracle saw the clock of its boot, the time is not compared.
    private func entries(_ tree: JSONValue?, timesOf other: JSONValue?) -> [String: JSONValue] {
        guard case .array(let nodes) = tree, case .array(let others) = other else { return [:] }
        let timeless = others.filter { $0["mtime"] == .null }.compactMap { $0["path"]?.text }
        return Dictionary(
            nodes.map { node in
                guard case .object(var members) = node, let path = members["path"]?.text else {
                    return ("", node)
                }
                if timeless.contains(path) { members["mtime"] = .null }
                return (path, .object(members))
            }
        ) { $1 }
    }

    @Test func everyVectorIsWhatTheKernelMadeOfIt() async throws {
        #expect(Self.expected.count == 120)
        for vector in Self.expected {
            let file = try #require(vector["file"]?.text)
            let run = try await QshRun(
                "inspect", "--json", Self.vectors.appending(file).string
            ).finish()
            let printed = try #require(JSONValue(parsing: run.stdout.utf8), "\(file): \(run)")
            guard case .object(let members) = printed,
                case .array(let findings)? = printed["findings"]
            else {
                Issue.record("\(file): \(run.stdout)")
                continue
            }
            #expect(Set(members.keys) == ["segments", "tree", "findings"])
            #expect(
                entries(printed["tree"], timesOf: vector["tree"])
                    == entries(vector["tree"], timesOf: vector["tree"]), "\(file)")
            let hasErrors = findings.contains { $0["severity"]?.text == "error" }
            #expect(run.status == (hasErrors ? 1 : 0), "\(file)")
            #expect(run.stderr == "", "\(file)")
        }
    }

    @Test func theReportNamesWhatAnImageHolds() async throws {
        let folder = try ScratchFolder()
        var tree = InitramfsTree()
        try tree.addFile("init", text: "#!/bin/sh\n", mode: .program)
        try tree.addFile("bin/sh", bytes: FakeKernel.elf(machine: 62), mode: .program)
        try tree.addFile("lib/modules/6.1.0-test/kernel/fs/ext4.ko", text: "x")
        try tree.addFile("buildconfig", text: "MODULES=()\nHOOKS=(base udev autodetect)\n")
        let image = try folder.file(
            "x.img", tree.image(compression: InitramfsCompression("gzip")))
        let run = try await QshRun("inspect", image.string).finish()
        let lines = run.stdout.split(separator: "\n").map(String.init)
        #expect(run.status == 0)
        #expect(lines.first == "offset  length  unpacked  entries  codec")
        #expect(lines.dropFirst().first?.hasSuffix("10  gzip") == true, "\(lines)")
        #expect(
            lines.dropFirst(3) == [
                "files:    4, 563 bytes", "kernel:   6.1.0-test", "modules:  1: ext4",
                "init:     script for /bin/sh", "made by:  mkinitcpio",
                "hooks:    base udev autodetect",
            ])
        let list = try await QshRun("inspect", "--list", image.string).finish()
        #expect(
            list.stdout.split(separator: "\n").first
                == "drwxr-xr-x 1 0 0   0 1970-01-01 00:00 bin")
        #expect(list.stdout.contains("-rwxr-xr-x 1 0 0  10 1970-01-01 00:00 init\n"))
    }

    @Test func aKernelIsRecognised() async throws {
        let folder = try ScratchFolder()
        let file = try folder.file("bzImage", FakeKernel.bzImage())
        let run = try await QshRun("inspect", file.string).finish()
        #expect(run.status == 0)
        #expect(
            run.stdout
                == "format:   bzImage\narch:     x86_64\nkernel:   6.1.0-test-amd64\n"
                + "config:   not embedded\n")
    }

    @Test func lintSaysWhatIsWrongAndEndsWithOne() async throws {
        let folder = try ScratchFolder()
        var tree = InitramfsTree()
        try tree.addFile("init", bytes: FakeKernel.elf(machine: 183), mode: .program)
        let image = try folder.file("x.img", tree.image())
        let foreign = try await QshRun("lint", image.string, "--arch", "x86_64").finish()
        #expect(foreign.status == 1)
        #expect(
            foreign.stdout == "error at 0: `/init` is for arm64, and the kernel for x86_64\n")
        let own = try await QshRun("lint", image.string, "--arch", "arm64").finish()
        #expect(own.status == 0)
        #expect(own.stderr == "qsh: `\(image)`: sound\n")
        let unknown = try await QshRun("lint", image.string, "--arch", "arm46").finish()
        #expect(unknown.status == 2)
        #expect(unknown.stderr.contains("hint: did you mean `arm64`?"))
    }

    @Test func badInputIsRefusedInWords() async throws {
        let missing = try await QshRun("inspect", "nowhere.img").finish()
        #expect(missing.status == 2)
        #expect(missing.stderr == "error: cannot read `nowhere.img`: No such file or directory\n")
        let option = try await QshRun("inspect", "--lsit", "nowhere.img").finish()
        #expect(option.status == 2)
        #expect(option.stderr.contains("did you mean"), "\(option.stderr)")
        let folder = try await QshRun("lint", "/").finish()
        #expect(folder.stderr == "error: cannot take `/` as a file: it is a directory\n")
    }
}
