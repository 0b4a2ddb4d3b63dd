-- Real roots on disks that are made without root rights, and what all recipes of them share.
local realroot = {}

realroot.uuid = "11111111-2222-3333-4444-555555555555"

-- The root's own init: says where it runs, and switches the machine off as a system does.
local init = [[
#!/bin/sh
[ -e /proc/mounts ] || mount -t proc proc /proc
device=$(sed -n 's|^\([^ ]*\) / ext4.*|\1|p' /proc/mounts)
echo "real root: /sbin/init as process $$ on ${device##*/}, $(uname -r)"
sync
mount -o remount,ro /
poweroff -f
]]

--- A folder that goes with the variable it is in.
function realroot.folder()
  local path = qsh.proc.run({ "mktemp", "-d" }).stdout:gsub("\n", "")
  return setmetatable({ path = path }, {
    __close = function() qsh.proc.run { "rm", "-rf", path } end,
  })
end

--- A disk of busybox and that init as ext4, in a file.
function realroot.disk(folder)
  local tree, image = folder.path .. "/tree", folder.path .. "/root.ext4"
  local archive = folder.path .. "/tree.cpio"
  qsh.initramfs.new { busybox = true, init = "" }
    :dir("/proc"):dir("/sys"):dir("/dev"):dir("/run")
    :file("/sbin/init", init, { mode = "0755" })
    :write(archive)
  qsh.initramfs.inspect(archive):extract(tree)
  qsh.proc.run { "truncate", "-s", "24M", image }
  qsh.proc.run {
    "/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-L", "QROOT", "-U", realroot.uuid, "-d", tree,
    "-E", "root_owner=0:0", image,
  }
  return image
end

--- A drive of the machine, for its option of that name.
function realroot.drive(file, interface)
  return { file = file, format = "raw", ["if"] = interface or "virtio" }
end

--- Waits until the real root has spoken and the machine is off.
function realroot.finish(machine)
  local said = machine.console:expect("real root: ([^\n]*)", { pattern = true })
  print(said.captures[1])
  print(machine:wait())
end

return realroot
