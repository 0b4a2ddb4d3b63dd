-- A root on an IDE disk, as `-hda` gives it: libata, its driver and the one for disks, of which no
-- file says that they belong together.
local realroot = require("realroot")
local options = require("options").parse({
  summary = "Boots from an ext4 root on an IDE disk.",
  { name = "kernel", value = "FILE", help = "the kernel (default: the host's, else Debian's)" },
  { name = "accel", value = "NAME", help = "auto, kvm or tcg (default: auto)" },
}, arg)

local folder <close> = realroot.folder()
local disk = realroot.disk(folder)
local kernel = qsh.kernel.find { path = options.kernel }

local machine <close> = qsh.machine.boot {
  kernel = kernel,
  initramfs = qsh.initramfs.generate {
    kernel = kernel, root = disk, hooks = { "base", "block", "filesystems", "fsck" },
  },
  machine = "pc",
  drive = realroot.drive(disk, "ide"),
  append = { "root=LABEL=QROOT" },
  accel = options.accel,
}
realroot.finish(machine)
