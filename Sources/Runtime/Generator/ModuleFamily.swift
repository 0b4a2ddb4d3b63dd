import SystemPackage

/// Modules that a hook means by what they are for.
enum ModuleFamily {
    /// What disks hang on, by folder: the last ones are what controllers on boards need to work.
    static let disks = Family(
        folders: [
            "/drivers/ata/", "/drivers/nvme/host/", "/drivers/scsi/", "/drivers/message/fusion/",
            "/drivers/block/", "/drivers/virtio/", "/drivers/mmc/", "/drivers/ufs/",
            "/drivers/usb/storage/", "/drivers/usb/host/", "/drivers/hv/",
            "/drivers/firewire/", "/drivers/memstick/", "/drivers/s390/block/",
            "/drivers/pci/controller/", "/drivers/nvdimm/", "/drivers/spi/", "/drivers/regulator/",
            "/drivers/mfd/", "/drivers/clk/", "/drivers/phy/",
        ],
        except: [
            "scsi_debug", "null_blk", "zram", "brd", "nbd", "rbd", "drbd", "pktcdvd", "loop",
            "xen_blkback", "virtio_balloon", "virtio_input", "virtio_mem",
            "iscsi_tcp", "libiscsi", "scsi_transport_iscsi", "hv_balloon", "ublk_drv", "aoe",
            "nvme_fabrics", "nvme_fc", "nvme_rdma", "nvme_tcp", "hv_utils",
        ])

    /// Keyboards and what they hang on.
    static let keyboards = Family(
        folders: [
            "/drivers/hid/", "/drivers/usb/host/", "/drivers/input/keyboard/",
            "/drivers/input/serio/",
        ],
        except: [])

    /// What volumes are encrypted with: ciphers, modes and sums, for every processor.
    static let ciphers = Family(
        folders: [
            "/crypto/", "/arch/x86/crypto/", "/arch/arm/crypto/", "/arch/arm64/crypto/",
            "/arch/powerpc/crypto/", "/arch/s390/crypto/", "/arch/riscv/crypto/",
            "/arch/mips/crypto/", "/arch/loongarch/crypto/",
        ],
        except: ["tcrypt"])

    /// The disks of QEMU's machines: those that qsh itself boots, so every image has them.
    static let machineDisks = [
        "virtio_pci", "virtio_mmio", "virtio_ccw", "virtio_blk", "virtio_scsi", "ata_piix",
        "ahci", "nvme", "sd_mod",
    ]

    /// The keyboards of QEMU's machines, and every PC's.
    static let commonKeyboards = [
        "i8042", "atkbd", "xhci_pci", "ehci_pci", "uhci_hcd", "usbhid", "hid_generic",
    ]

    /// File systems that a root is put on.
    static let fileSystems = [
        "ext4", "xfs", "btrfs", "f2fs", "vfat", "squashfs", "erofs", "iso9660", "overlay",
        "bcachefs", "jfs", "exfat", "nilfs2", "reiserfs", "udf", "romfs", "cramfs", "minix",
        "ubifs",
    ]

    struct Family {
        let folders: [String]
        let except: Set<String>

        func names(in modules: KernelModules) -> [String] {
            // `kernel/drivers/…` or `updates/drivers/…`, below the release's folder;
            // `String.contains` would take more time than all the rest of an image.
            let start = modules.folder.string.utf8.count + 1
            return modules.files.values.filter { file in
                let place = file.location.utf8.dropFirst(start).drop { $0 != UInt8(ascii: "/") }
                return folders.contains { place.starts(with: $0.utf8) }
                    && !except.contains(file.name)
            }.map(\.name).sorted()
        }
    }
}
