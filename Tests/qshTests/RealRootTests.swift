import SystemPackage
import Testing

@testable import QshRuntime

/// Recipes that bring a real root up under TCG, each to the root's own init and a power-off.
@Suite(
    .enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64 on PATH"),
    .enabled(if: Command.locate("mke2fs") != nil, "no mke2fs on PATH: package e2fsprogs"),
    .serialized)
struct RealRootTests {
    static let recipes = [
        "root-ext4.lua", "root-ide.lua", "root-luks.lua", "root-nvme.lua", "root-raid.lua",
    ]

    private func run(_ name: String) async throws -> QshRun.Outcome {
        try await QshRun("-q", "scripts/\(name)", "--accel", "tcg")
            .with { $0.folder = QshRun.repository }.finish()
    }

    @Test(arguments: [
        ("root-ext4.lua", "vda"), ("root-ide.lua", "sda"), ("root-nvme.lua", "root"),
    ])
    func aPlainDiskIsBroughtUp(recipe: String, device: String) async throws {
        let run = try await run(recipe)

        let expected = try Regex("/sbin/init as process 1 on \(device), \\d\\S*\nok\n")
        #expect(run.stdout.wholeMatch(of: expected) != nil, "\(run.stdout)")
        #expect(run.status == 0, "\(run.stderr)")
    }

    @Test(.enabled(if: Command.locate("cryptsetup") != nil, "no cryptsetup on PATH"))
    func anEncryptedRootAsksAgainAfterAWrongPassphrase() async throws {
        let run = try await run("root-luks.lua")

        let expected = #/\/sbin\/init as process 1 on root, \d\S*\nok\n/#
        #expect(run.stdout.wholeMatch(of: expected) != nil, "\(run.stdout)")
        #expect(run.status == 0, "\(run.stderr)")
    }

    @Test func aMirrorIsBroughtUpWholeAndDegraded() async throws {
        let run = try await run("root-raid.lua")

        let one = #/\/sbin\/init as process 1 on md\d+, \d\S*\nok\n/#
        let lines = run.stdout.split(separator: "whole\n", omittingEmptySubsequences: false)
        #expect(lines.first == "")
        let parts = (lines.last ?? "").split(separator: "degraded\n")
        #expect(parts.count == 2, "\(run.stdout)")
        for part in parts { #expect(String(part).wholeMatch(of: one) != nil, "\(run.stdout)") }
        #expect(run.status == 0, "\(run.stderr)")
    }

    /// Every recipe of the list above is one of the tests' arguments.
    @Test func theListIsThatOfTheFolder() {
        let found = FileTree.names(in: QshRun.repository.appending("scripts"))
            .filter { $0.hasPrefix("root-") }

        #expect(found == Self.recipes)
    }
}
