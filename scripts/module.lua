-- A module of your own: built against a kernel from source, loaded, looked at, unloaded.
local smallkernel = require("smallkernel")
local options = require("options").parse(smallkernel.extend {
  summary = "Builds an out-of-tree module and tries it in a guest.",
  { name = "module", value = "DIR", help = "folder with a Kbuild (default: scripts/module)" },
  { name = "params", value = "WORDS", help = "the module's parameters" },
}, arg)

local folder = options.module or (arg[0]:match("^(.*)/") or ".") .. "/module"
local kernel = smallkernel.build(options)
local module = kernel:module(folder)
for _, warning in ipairs(module.warnings) do
  print(("warning: %s:%s %s"):format(warning.file or "", warning.line or "", warning.text))
end

local name = module.path:match("([^/]+)%.ko$"):gsub("-", "_")
local root = qsh.initramfs.new { busybox = true, arch = kernel.arch }
root:file("/" .. name .. ".ko", { from = module.path })

local machine <close> = qsh.machine.boot { kernel = kernel, initramfs = root }
machine.console:expect("[rootfs ]#")
machine:succeed("dmesg -c >/dev/null")
machine:succeed(("insmod /%s.ko %s"):format(name, options.params or ""))
assert(machine:succeed("cat /proc/modules").stdout:find("^" .. name .. " "), "not in /proc/modules")
machine:succeed("rmmod " .. name)
assert(machine:succeed("cat /proc/modules").stdout == "", "still in /proc/modules")
for line in machine:succeed("dmesg").stdout:gmatch("[^\n]+") do
  print((line:gsub("^%[.-%] ", "")))
end
print(("%s: loaded and unloaded on %s"):format(name, kernel.release))
machine:shutdown()
