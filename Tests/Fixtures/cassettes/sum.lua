local kernel, root = ...
local machine <close> = qsh.machine.boot { kernel = kernel, initramfs = root, accel = "tcg" }
machine.console:expect("[rootfs ]#")
machine.console:sendline("echo sum=$((20 + 22)); uname -m")
print(machine.console:expect("sum=(%d+)\n", { pattern = true }).captures[1])
print(machine.console:expect("[rootfs ]#").before)
machine.console:sendline("poweroff -f")
print(machine:wait())
