-- usage: qsh boot.lua [FOLDER]
-- Boots to the prompt and kills the machine. With FOLDER: leaves there the image that was booted
-- and the command line, for the C reader that boots the same.
local folder = arg[1]
local machine <close> = qsh.machine.boot {
  kernel = qsh.kernel.find(),
  initramfs = qsh.initramfs.new { busybox = true },
}
machine.console:expect("[rootfs ]#")
if not folder then
  machine:kill()
  return
end

local command = machine.command
local image = command:match("%-initrd%s+(%S+)")
local function copy(from, to)
  local source = assert(io.open(from, "rb"))
  local target = assert(io.open(to, "wb"))
  target:write(source:read("a"))
  target:close()
  source:close()
end
copy(image, folder .. "/initramfs.img")
local line = assert(io.open(folder .. "/command", "w"))
line:write(command, "\n")
line:close()
