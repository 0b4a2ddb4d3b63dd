-- usage: qsh boot.lua prepare FOLDER | qsh boot.lua run FOLDER
-- `prepare` writes an image and leaves there the command line that boots it, for the C reader.
-- `run` boots the same image on the same hardware to the prompt, and kills the machine.
local verb, folder = arg[1], arg[2]
local options = {
  kernel = qsh.kernel.find(),
  initramfs = folder .. "/initramfs.img",
  accel = "tcg",
  agent = false,
}
if verb == "prepare" then
  qsh.initramfs.new { busybox = true }:write(options.initramfs)
  local line = assert(io.open(folder .. "/command", "w"))
  line:write(qsh.machine.command(options), "\n")
  line:close()
else
  local machine <close> = qsh.machine.boot(options)
  machine.console:expect("[rootfs ]#")
  machine:kill()
end
