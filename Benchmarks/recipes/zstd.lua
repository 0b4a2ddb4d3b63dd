-- Writes a folder as an image that is compressed with zstd at level 1.
-- usage: qsh zstd.lua FOLDER IMAGE
qsh.initramfs.new():tree("/", { from = arg[1] }):write(arg[2], { compression = "zstd", level = 1 })
