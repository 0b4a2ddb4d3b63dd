import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

@Suite struct HostHardwareTests {
    @Test func devicesAndTheRootsStackAreRead() throws {
        let folder = try TestTree()
        try folder.write("sys/devices/pci0/modalias", "pci:v00001AF4d00001001\n")
        try folder.write("sys/devices/pci0/virtio0/modalias", "virtio:d00000002v00001AF4\n")
        try folder.write("sys/devices/pci0/virtio0/uevent", "DRIVER=virtio-blk\nX=1\n")
        try folder.write(
            "proc/self/mountinfo",
            "1 0 0:20 / /proc rw - proc proc rw\n2 0 253:0 / / rw - ext4 /dev/mapper/root rw\n")
        try folder.write("proc/cpuinfo", "processor : 0\nvendor_id\t: AuthenticAMD\n")
        try folder.write("sys/dev/block/253:0/dm/uuid", "CRYPT-LUKS2-abc-root\n")
        try folder.write("sys/dev/block/253:0/slaves/md0/md/level", "raid1\n")

        let found = HostHardware(folder.path.string)

        #expect(found.aliases == ["pci:v00001AF4d00001001", "virtio:d00000002v00001AF4"])
        #expect(found.drivers == ["virtio_blk"])
        #expect(found.processorVendor == "AuthenticAMD")
        #expect(found.root.fileSystem == "ext4")
        #expect(found.root.ciphers == [])
        #expect(found.root.arrays == [1: [""]])
    }

    @Test func aMachineThatShowsNothingIsNoError() throws {
        let found = HostHardware(try TestTree().path.string)

        #expect(found.aliases.isEmpty)
        #expect(found.root.fileSystem == nil)
    }
}
