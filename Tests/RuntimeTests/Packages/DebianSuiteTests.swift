import TestSupport
import Testing

@testable import QshRuntime

@Suite struct DebianSuiteTests {
    @Test(
        arguments: [
            ("ID=debian\nVERSION_CODENAME=bookworm\n", .bookworm),
            ("ID=\"debian\"\nVERSION_CODENAME=\"trixie\"\n", .trixie), ("ID=debian\n", .sid),
            ("ID=ubuntu\nVERSION_CODENAME=noble\n", nil), ("", nil),
        ] as [(String, DebianSuite?)])
    func readsTheHosts(text: String, suite: DebianSuite?) {
        #expect(DebianSuite(OSRelease(text)) == suite)
    }

    @Test(
        arguments: [
            (.arm64, .bookworm, nil), (.arm64, .sid, nil), (.riscv64, .bookworm, .trixie),
            (.riscv64, .trixie, nil), (.i386, .trixie, .bookworm), (.mipsel, .bookworm, nil),
            (.loong64, .trixie, .sid), (.loong64, .sid, nil),
        ] as [(Arch, DebianSuite, DebianSuite?)])
    func anotherSuiteIsAskedWhereTheHostsHasNoSuchKernel(
        arch: Arch, host: DebianSuite, asked: DebianSuite?
    ) {
        #expect(arch.debian.foreignSuite(host: host) == asked)
    }

    @Test(
        arguments: [
            (
                "http://packages.example/apt/\nhttp://ftp.de.debian.org/debian/\n",
                "http://ftp.de.debian.org/debian"
            ),
            ("http://snapshot.debian.org/archive/debian/20250520T000000Z/\n", nil), ("", nil),
        ] as [(String, String?)])
    func theHostsMirrorIsKept(targets: String, mirror: String?) {
        #expect(AptSource.mirror(in: targets) == mirror)
    }
}
