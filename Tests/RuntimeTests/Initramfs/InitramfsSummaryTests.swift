import Testing

@testable import QshRuntime

@Suite struct InitramfsSummaryTests {
    @Test func namesReleasesModulesAndInit() throws {
        var tree = InitramfsTree()
        try tree.addSymlink("lib", target: "usr/lib")
        try tree.addFile("lib/modules/6.1.0-56/kernel/fs/a.ko", text: "12345")
        try tree.addFile("lib/modules/6.1.0-56/kernel/fs/b.ko.zst", text: "1")
        try tree.addFile("lib/firmware/x/y.bin", text: "")
        try tree.addFile("init", text: "#! /bin/sh -e\n", mode: .program)
        let summary = try InitramfsSummary(InitramfsReader.read(bytes: tree.image()))
        #expect(summary.releases == ["6.1.0-56"])
        #expect(summary.modules == 2)
        #expect(summary.firmware == 1)
        #expect(summary.start == "script for /bin/sh -e")
        #expect(summary.fileBytes == 20)
        #expect(summary.counts[.file] == 4)
        #expect(summary.counts[.symlink] == 1)
    }

    @Test func anImageOfNothingHasNothing() throws {
        let summary = try InitramfsSummary(InitramfsReader.read(bytes: []))
        #expect(summary.releases == [] && summary.start == nil && summary.counts == [:])
    }
}
