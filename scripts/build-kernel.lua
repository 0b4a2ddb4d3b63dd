-- From a kernel's source to its prompt: fetch, configure, build, boot, `uname -a`, power off.
local smallkernel = require("smallkernel")
local options = require("options").parse(smallkernel.extend {
  summary = "Builds a small kernel from source and boots it.",
  { name = "command", value = "COMMAND", help = "run this in the guest (default: uname -a)" },
}, arg)

local kernel = smallkernel.build(options)
print(("%s: %s%s"):format(kernel.release, kernel.image, kernel.cached and " (cached)" or ""))

local machine <close> = qsh.machine.boot {
  kernel = kernel,
  initramfs = qsh.initramfs.new { busybox = true, arch = kernel.arch },
}
machine.console:expect("[rootfs ]#")
io.stdout:write(machine:succeed(options.command or "uname -a").stdout)
machine:shutdown()
