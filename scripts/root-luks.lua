-- A root in a LUKS2 volume on a virtio disk: cryptsetup asks on the console, gets one wrong
-- passphrase, asks again, gets the right one.
local realroot = require("realroot")
local options = require("options").parse({
  summary = "Boots from an encrypted root, its passphrase given on the console.",
  { name = "kernel", value = "FILE", help = "the kernel (default: the host's, else Debian's)" },
  { name = "accel", value = "NAME", help = "auto, kvm or tcg (default: auto)" },
}, arg)

local folder <close> = realroot.folder()
local disk = realroot.disk(folder)
local kernel = qsh.kernel.find { path = options.kernel }

-- Encrypted in place, in a file: no device-mapper on the host, and a cheap key derivation.
qsh.proc.run { "truncate", "-s", "+32M", disk }
qsh.proc.run({
  "/sbin/cryptsetup", "reencrypt", "--encrypt", "--type", "luks2", "--batch-mode",
  "--reduce-device-size", "32M", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
  "--cipher", "aes-xts-plain64", "--key-file", "-", disk,
}, { stdin = "correct horse" })

local machine <close> = qsh.machine.boot {
  kernel = kernel,
  initramfs = qsh.initramfs.generate {
    kernel = kernel, root = disk,
    hooks = { "base", "block", "filesystems", "fsck", "encrypt" },
  },
  drive = realroot.drive(disk),
  append = { "cryptdevice=/dev/vda:root", "root=/dev/mapper/root" },
  accel = options.accel,
}
for _, passphrase in ipairs { "wrong pony", "correct horse" } do
  machine.console:expect("Enter passphrase for")
  -- It prints the prompt before it throws away what was typed so far.
  machine.console:settle(1)
  machine.console:sendline(passphrase)
  if passphrase:find("wrong") then machine.console:expect("No key available") end
end
realroot.finish(machine)
