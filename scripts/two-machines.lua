-- Two guests driven side by side, in about the time of one.
local kernel = qsh.kernel.find()
local root = qsh.initramfs.new { busybox = true }

local function measure(name)
  local machine <close> = qsh.machine.boot { name = name, kernel = kernel, initramfs = root }
  machine.console:expect("[rootfs ]#")
  local uptime = machine:succeed("cut -d ' ' -f 1 /proc/uptime").stdout
  machine:shutdown()
  return ("%s: up after %s s"):format(name, uptime:match("[%d.]+"))
end

local first, second = qsh.task.all {
  function() return measure("first") end,
  function() return measure("second") end,
}
print(first)
print(second)
