-- The smallest boot: a real kernel, a root made of busybox, one command in it.
local machine <close> = qsh.machine.boot {
  kernel = qsh.kernel.find(),
  initramfs = qsh.initramfs.new { busybox = true },
}
machine.console:expect("[rootfs ]#")
io.write(machine:succeed("uname -sr").stdout)
machine:shutdown()
