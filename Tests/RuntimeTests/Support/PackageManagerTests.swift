import QshRuntime
import Testing

@Suite struct PackageManagerTests {
    @Test(
        arguments: [
            ("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n", .apt),
            ("ID=pop\nID_LIKE=\"ubuntu debian\"\n", .apt), ("ID=fedora\n", .dnf),
            ("ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\n", .dnf), ("ID=arch\n", .pacman),
            ("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", .zypper),
        ] as [(String, PackageManager)])
    func knowsDistributions(osRelease: String, manager: PackageManager) {
        #expect(PackageManager(osRelease: osRelease) == manager)
    }

    @Test(arguments: ["", "ID=nixos\n", "NAME=debian\n", "=\n\n=x"])
    func doesNotGuess(osRelease: String) {
        #expect(PackageManager(osRelease: osRelease) == nil)
    }
}
