import QshRuntime
import SystemPackage
import TestSupport
import Testing

@Suite struct KernelImageTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    @Test func readsABzImagesReleaseAndArchitecture() throws {
        let path = try folder.file("bzImage", FakeKernel.bzImage())

        let image = try KernelImage.identify(path)

        #expect(image.format == .bzImage)
        #expect(image.arch == .x86_64)
        #expect(image.release == "6.1.0-test-amd64")
    }

    @Test(
        arguments: [
            (FakeKernel.bzImage(is64Bit: false), .bzImage, .i386),
            (FakeKernel.with("ARM\u{64}", at: 0x38), .image, .arm64),
            (FakeKernel.with("RSC\u{5}", at: 0x38), .image, .riscv64),
            (FakeKernel.with("S390EP", at: 0x10008), .s390Image, .s390x),
            (FakeKernel.zImage(end: 512), .zImage, .armhf),
            (FakeKernel.elf(machine: 62), .elf, .x86_64),
            (FakeKernel.elf(machine: 21), .elf, .ppc64el),
            (FakeKernel.elf(machine: 8, is64Bit: false), .elf, .mipsel),
            (FakeKernel.efiZboot(machine: 0x6264), .efiZboot, .loong64),
            ([0x1f, 0x8b, 8, 0] + [UInt8](repeating: 0, count: 64), .gzip, nil),
        ] as [([UInt8], KernelImage.Format, Arch?)])
    func recognisesFormats(bytes: [UInt8], format: KernelImage.Format, arch: Arch?) throws {
        let image = try KernelImage.identify(try folder.file("kernel", bytes))

        #expect(image.format == format)
        #expect(image.arch == arch)
    }

    @Test(
        arguments: [
            (Array("make bzImage\n".utf8), "not a kernel: it is a text file"),
            ([], "not a kernel: it is empty"),
            (
                Array("070701000000".utf8),
                "not a kernel: it is a cpio archive, which `initramfs` takes"
            ),
            (
                Array("!<arch>\ndebian-binary   ".utf8),
                "not a kernel: it is a Debian package, not yet unpacked"
            ),
            ([0, 1, 2, 3, 250, 251], "not a kernel: it is a file of an unknown kind"),
            (
                FakeKernel.elf(machine: 62, type: 1),
                "not a kernel: it is a kernel module or an object file"
            ),
            (
                FakeKernel.elf(machine: 62, segmentType: 3),
                "not a kernel: it is a program for Linux, not the kernel"
            ),
            (
                Array(FakeKernel.bzImage().dropLast(1000)),
                "truncated: got 64536 bytes, but its header promises 65536"
            ),
            (
                FakeKernel.zImage(end: 9000),
                "truncated: got 512 bytes, but its header promises 9000"
            ),
        ] as [([UInt8], String)])
    func saysWhatAFileIsInstead(bytes: [UInt8], why: String) throws {
        let path = try folder.file("file", bytes)

        let error = #expect(throws: KernelImageError.self) { try KernelImage.identify(path) }

        #expect(error?.description == "kernel `\(path)`: \(why)")
    }

    @Test func saysWhyAFileCannotBeRead() throws {
        let missing = folder.path.appending("none")
        let expected = [
            (missing, "kernel `\(missing)`: no such file"),
            (folder.path, "kernel `\(folder.path)`: expected a kernel image, got a folder"),
            ("/dev/null", "kernel `/dev/null`: expected a kernel image, got a device or a pipe"),
        ]
        for (path, message) in expected {
            let error = #expect(throws: KernelImageError.self) { try KernelImage.identify(path) }
            #expect(error?.description == message)
        }
    }

    @Test func refusesAnotherArchitecture() throws {
        let path = try folder.file("Image", FakeKernel.with("ARM\u{64}", at: 0x38))
        let image = try KernelImage.identify(path)

        try image.require(.arm64)
        let error = #expect(throws: KernelImageError.self) { try image.require(.x86_64) }

        #expect(
            error?.diagnostic
                == Diagnostic(
                    .usage,
                    "kernel `\(path)`: the kernel is for arm64, but the machine is x86_64",
                    hint: #"set `arch = "arm64"`, or choose another kernel"#))
    }

    @Test func everyPrefixAndEveryDamagedHeaderIsAnAnswer() throws {
        var random = SystemRandomNumberGenerator()
        let samples = [
            FakeKernel.bzImage(), FakeKernel.elf(machine: 62), FakeKernel.zImage(end: 512),
            FakeKernel.efiZboot(machine: 0x8664),
        ]
        for sample in samples {
            for length in stride(from: 0, to: 1024, by: 13) {
                _ = try? KernelImage.identify(folder.file("prefix", sample.prefix(length)))
            }
            for _ in 0..<100 {
                var damaged = Array(sample.prefix(1024))
                for _ in 0..<8 {
                    damaged[Int.random(in: damaged.indices, using: &random)] = .random(in: 0...255)
                }
                _ = try? KernelImage.identify(folder.file("damaged", damaged))
            }
        }
    }
}
