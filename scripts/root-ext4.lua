-- A root on a virtio disk with ext4: the kernel needs modules to see it, so an initramfs brings it
-- up and becomes its /sbin/init.
local realroot = require("realroot")
local options = require("options").parse({
  summary = "Boots from an ext4 root on a virtio disk.",
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
  drive = realroot.drive(disk),
  append = { "root=UUID=" .. realroot.uuid },
  accel = options.accel,
}
realroot.finish(machine)
