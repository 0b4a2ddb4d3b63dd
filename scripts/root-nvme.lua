-- The control: a root on NVMe with ext4 needs no initramfs where the kernel has both built in, as
-- Debian's cloud kernel does.
local realroot = require("realroot")
local options = require("options").parse({
  summary = "Boots from an NVMe disk without any initramfs.",
  { name = "kernel", value = "FILE", help = "the kernel (default: the host's, else Debian's)" },
  { name = "accel", value = "NAME", help = "auto, kvm or tcg (default: auto)" },
}, arg)

local folder <close> = realroot.folder()
local disk = realroot.disk(folder)

local machine <close> = qsh.machine.boot {
  kernel = qsh.kernel.find { path = options.kernel },
  drive = { file = disk, format = "raw", ["if"] = "none", id = "disk" },
  device = { "nvme", drive = "disk", serial = "qsh" },
  append = { "root=/dev/nvme0n1", "rootwait" },
  accel = options.accel,
}
realroot.finish(machine)
