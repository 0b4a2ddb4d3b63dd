-- Boots a real kernel to its prompt and hands it over.
--
-- In a terminal the prompt is yours (Ctrl-] then q leaves). Without one, the console is printed as
-- it comes. With --command only that command's output is printed, and its exit code is qsh's.
local options = require("options").parse({
  summary = "Boots a Linux kernel with a root of busybox to its prompt.",
  { name = "arch", value = "NAME", help = "the machine's architecture (default: the kernel's)" },
  { name = "kernel", value = "FILE", help = "the kernel (default: the host's, else Debian's)" },
  { name = "memory", value = "SIZE", help = 'the machine\'s memory (default: 512M)' },
  { name = "append", value = "WORDS", help = "added to the kernel's command line" },
  { name = "accel", value = "NAME", help = "auto, kvm or tcg (default: auto)" },
  { name = "command", value = "COMMAND", help = "run this in the guest and power off" },
}, arg)

local kernel = qsh.kernel.find { path = options.kernel, arch = options.arch }
local machine <close> = qsh.machine.boot {
  kernel = kernel,
  initramfs = qsh.initramfs.new { busybox = true, arch = kernel.arch },
  memory = options.memory,
  append = options.append,
  accel = options.accel,
  echo = not options.command,
}
machine.console:expect("[rootfs ]#")

if options.command then
  local result = machine:execute(options.command)
  io.stdout:write(result.stdout)
  io.stderr:write(result.stderr)
  machine:shutdown()
  os.exit(result.code or 128 + result.signal, true)
elseif qsh.interactive then
  machine.console:interact()
else
  machine:succeed("uname -a")
end
machine:shutdown()
