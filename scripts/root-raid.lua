-- A root on an md RAID1 of two virtio disks: made inside a guest, booted whole, then with one of
-- its disks missing.
local realroot = require("realroot")
local options = require("options").parse({
  summary = "Boots from a mirrored root, whole and degraded.",
  { name = "kernel", value = "FILE", help = "the kernel (default: the host's, else Debian's)" },
  { name = "accel", value = "NAME", help = "auto, kvm or tcg (default: auto)" },
}, arg)

local folder <close> = realroot.folder()
local disk = realroot.disk(folder)
local kernel = qsh.kernel.find { path = options.kernel }
local first, second = folder.path .. "/first.img", folder.path .. "/second.img"
qsh.proc.run { "truncate", "-s", "40M", first, second }

-- A hook of our own makes the array in place of bringing a root up.
local maker = {
  name = "make_array",
  run_hook = [[
    mdadm --create /dev/md0 --level=1 --raid-devices=2 --assume-clean --metadata=1.2 \
      --homehost=any --run /dev/vda /dev/vdb
    dd if=/dev/vdc of=/dev/md0 bs=1M 2>/dev/null
    sync
    mdadm --stop /dev/md0
    poweroff -f]],
}
do
  local machine <close> = qsh.machine.boot {
    name = "maker",
    kernel = kernel,
    initramfs = qsh.initramfs.generate {
      kernel = kernel, hooks = { "base", "block", "mdadm_udev", maker },
    },
    drive = { realroot.drive(first), realroot.drive(second), realroot.drive(disk) },
    accel = options.accel,
  }
  machine:wait()
end

-- The superblocks say which level the kernel must know.
local initramfs = qsh.initramfs.generate {
  kernel = kernel, root = { first, second },
  hooks = { "base", "block", "filesystems", "fsck", "mdadm_udev" },
}
for _, name in ipairs { "whole", "degraded" } do
  local drives = { realroot.drive(second) }
  if name == "whole" then table.insert(drives, 1, realroot.drive(first)) end
  local machine <close> = qsh.machine.boot {
    name = name, kernel = kernel, initramfs = initramfs, drive = drives,
    append = { "root=UUID=" .. realroot.uuid }, accel = options.accel,
  }
  print(name)
  realroot.finish(machine)
end
