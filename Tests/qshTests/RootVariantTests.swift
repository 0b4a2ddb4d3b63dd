import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// Roots of which there is no recipe in `scripts/`, brought up by real kernels under TCG.
@Suite(
    .enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64 on PATH"),
    .enabled(if: Command.locate("mke2fs") != nil, "no mke2fs on PATH: package e2fsprogs"),
    .serialized)
struct RootVariantTests {
    private static let preamble = """
        package.path = "\(QshRun.repository)/scripts/lib/?.lua;" .. package.path
        local realroot = require("realroot")
        local folder <close> = realroot.folder()
        local disk = realroot.disk(folder)
        local kernel = qsh.kernel.find()
        local function boot(hooks, root, drive, append)
          return qsh.machine.boot {
            kernel = kernel, accel = "tcg", memory = "512M", drive = drive, append = append,
            initramfs = qsh.initramfs.generate { kernel = kernel, root = root, hooks = hooks },
          }
        end

        """

    private func run(_ recipe: String) async throws -> QshRun.Outcome {
        try await QshRun(recipe: Self.preamble + recipe).finish()
    }

    private func expectRoot(_ recipe: String, on device: String) async throws {
        let run = try await run(recipe)
        let expected = try Regex("/sbin/init as process 1 on \(device), \\d\\S*\nok\n")
        #expect(run.stdout.wholeMatch(of: expected) != nil, "\(run.stdout)")
        #expect(run.status == 0, "\(run.stderr)")
    }

    /// A swap device without an image of a system that slept.
    @Test func nothingToResumeIsNoHindrance() async throws {
        try await expectRoot(
            """
            local swap = folder.path .. "/swap"
            qsh.proc.run { "truncate", "-s", "32M", swap }
            qsh.proc.run { "busybox", "mkswap", swap }
            local machine <close> = boot(
              { "base", "block", "resume", "filesystems", "fsck" }, disk,
              { realroot.drive(disk), realroot.drive(swap) },
              { "root=UUID=" .. realroot.uuid, "resume=/dev/vdb" })
            realroot.finish(machine)
            """, on: "vda")
    }

    /// Kernels before 6.7 do not say which partition has which UUID.
    @Test func aPartitionIsFoundByItsUUID() async throws {
        try await expectRoot(
            """
            local function crc32(text)
              local sum = 0xffffffff
              for at = 1, #text do
                sum = sum ~ text:byte(at)
                for _ = 1, 8 do sum = (sum >> 1) ~ (0xedb88320 & -(sum & 1)) end
              end
              return ~sum & 0xffffffff
            end
            local sectors, last = 40 * 2048, 40 * 2048 - 1
            -- 00112233-4455-6677-8899-aabbccddeeff, its first three fields turned round.
            local uuid = "\\x33\\x22\\x11\\x00\\x55\\x44\\x77\\x66"
              .. "\\x88\\x99\\xaa\\xbb\\xcc\\xdd\\xee\\xff"
            local kind = ("\\x01"):rep(16)
            local rows = string.pack("<c16c16I8I8I8", kind, uuid, 2048, last - 33, 0)
            rows = rows .. ("\\0"):rep(128 * 128 - #rows)
            local function header(sum)
              return string.pack("<c8I4I4I4I4I8I8I8I8c16I8I4I4I4", "EFI PART", 0x10000, 92, sum,
                0, 1, last, 34, last - 33, uuid, 2, 128, 128, crc32(rows))
            end
            local protective = ("\\0"):rep(446)
              .. string.pack("<I1I1I1I1I1I1I1I1I4I4", 0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, last)
              .. ("\\0"):rep(48) .. "\\x55\\xaa"
            local head = header(crc32(header(0)))
            local table = folder.path .. "/gpt"
            qsh.proc.run { "truncate", "-s", "40M", table }
            local file = assert(io.open(table, "r+b"))
            file:write(protective, head, ("\\0"):rep(512 - #head), rows)
            file:close()
            qsh.proc.run {
              "dd", "if=" .. disk, "of=" .. table, "bs=1M", "seek=1", "conv=notrunc",
              "status=none",
            }
            local machine <close> = boot(
              { "base", "block", "filesystems", "fsck" }, table, realroot.drive(table),
              { "root=PARTUUID=00112233-4455-6677-8899-AABBCCDDEEFF" })
            realroot.finish(machine)
            """, on: "vda1")
    }

    @Test(.enabled(if: Command.locate("cryptsetup") != nil, "no cryptsetup on PATH"))
    func aKeySlotOfArgon2idIsOpened() async throws {
        try await expectRoot(
            """
            qsh.proc.run { "truncate", "-s", "+32M", disk }
            qsh.proc.run({
              "/sbin/cryptsetup", "reencrypt", "--encrypt", "--type", "luks2", "--batch-mode",
              "--reduce-device-size", "32M", "--pbkdf", "argon2id", "--pbkdf-memory", "32768",
              "--pbkdf-force-iterations", "4", "--pbkdf-parallel", "1", "--key-file", "-", disk,
            }, { stdin = "correct horse" })
            local machine <close> = boot(
              { "base", "block", "filesystems", "fsck", "encrypt" }, disk, realroot.drive(disk),
              { "cryptdevice=/dev/vda:root", "root=/dev/mapper/root" })
            machine.console:expect("Enter passphrase for")
            machine.console:settle(1)
            machine.console:sendline("correct horse")
            realroot.finish(machine)
            """, on: "root")
    }

    /// A volume that a guest makes, and another one boots from.
    @Test func aVolumeOfLVMIsActivated() async throws {
        try await expectRoot(
            """
            local volume = folder.path .. "/pv"
            qsh.proc.run { "truncate", "-s", "40M", volume }
            local maker = { name = "make_volume", run_hook = [[
              export DM_DISABLE_UDEV=1
              mkdir -p /run/lvm /run/lock/lvm
              lvm pvcreate -y /dev/vda && lvm vgcreate -y -s 1M vg /dev/vda &&
                lvm lvcreate -y -W n -Z n -L 28M -n root vg
              lvm vgmknodes
              dd if=/dev/vdb of=/dev/vg/root bs=1M
              sync
              lvm vgchange -a n
              poweroff -f]] }
            do
              local machine <close> = boot({ "base", "block", "lvm2", maker }, volume,
                { realroot.drive(volume), realroot.drive(disk) }, {})
              machine:wait()
            end
            local machine <close> = boot(
              { "base", "block", "filesystems", "fsck", "lvm2" }, volume,
              realroot.drive(volume), { "root=/dev/vg/root" })
            realroot.finish(machine)
            """, on: "root")
    }

    @Test func aRootThatCannotBeMendedEndsAtThePrompt() async throws {
        let run = try await run(
            """
            qsh.proc.run { "/sbin/debugfs", "-w", "-R", "clri <2>", disk }
            qsh.proc.run { "/sbin/debugfs", "-w", "-R", "set_super_value state 2", disk }
            local machine <close> = boot(
              { "base", "block", "filesystems", "fsck" }, disk, realroot.drive(disk),
              { "root=UUID=" .. realroot.uuid })
            local said = machine.console:expect("[rootfs ]#").before
            print(said:match("ERROR: [^\\r\\n]*"))
            """)
        #expect(
            run.stdout == "ERROR: fsck.ext4 left errors on /dev/vda (status 4)\n",
            "\(run.stdout)\(run.stderr)")
    }

    @Test func aRootThatNeverAppearsIsNamedWithTheDisksThereAre() async throws {
        let run = try await run(
            """
            local machine <close> = boot(
              { "base", "block", "filesystems" }, disk, realroot.drive(disk),
              { "root=LABEL=nowhere", "rootdelay=2" })
            local said = machine.console:expect("[rootfs ]#").before
            print(said:match("ERROR: [^\\r\\n]*"))
            """)
        #expect(
            run.stdout
                == "ERROR: root device LABEL=nowhere did not appear within 2 s; "
                + "block devices: vda\n", "\(run.stdout)\(run.stderr)")
    }
}
