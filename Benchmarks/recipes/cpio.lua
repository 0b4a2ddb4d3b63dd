-- usage: qsh cpio.lua FOLDER OUTPUT: writes FOLDER as an image.
qsh.initramfs.new():tree("/", { from = arg[1] }):write(arg[2])
