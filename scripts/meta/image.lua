---@meta
-- The part of the API that is about images that exist already; see qsh.lua beside this file.
-- luacheck: ignore

---@class qsh.initramfs.Segment
---@field offset integer in the image
---@field length integer in the image
---@field unpacked_length integer in bytes, after decompression
---@field codec string none, gzip, bzip2, lzma, xz, lzo, lz4, zstd or bootconfig
---@field entries integer how many it has
---@field early boolean holds microcode or ACPI tables, which the kernel reads before it unpacks

---@class qsh.initramfs.Node
---@field path string without a leading slash
---@field type "directory"|"file"|"symlink"|"character"|"block"|"fifo"|"socket" what it is
---@field mode string octal digits
---@field owner string uid:gid
---@field mtime? integer nil where the kernel leaves the time of booting
---@field nlink? integer names that it has, of a file
---@field size? integer of a file
---@field md5_first64k? string of a file: 8 hex digits
---@field target? string of a symlink
---@field rdev_hex? string of a device: major,minor

---@class qsh.initramfs.Finding
---@field severity "error"|"warning"|"info" an error loses something or stops the kernel
---@field offset integer in the image
---@field message string what is wrong

--- Reads an image as the kernel will. Bad content becomes findings; a kernel image has `kernel`.
---@param path string
---@return qsh.initramfs.image
function qsh.initramfs.inspect(path) end

--- As `inspect`, but returns `nil, err` where it would raise.
---@param path string
---@return qsh.initramfs.image?, qsh.error?
function qsh.initramfs.try_inspect(path) end

---@class qsh.initramfs.image
---@field path string where the image is
---@field sound boolean whether nothing is lost and nothing stops the kernel
---@field segments qsh.initramfs.Segment[] its parts, in their order
---@field tree qsh.initramfs.Node[] what exists after unpacking
---@field findings qsh.initramfs.Finding[] what is wrong with it
---@field releases string[] kernels that it has modules for
---@field modules string[] names
---@field hooks string[] what its maker put it together from
---@field maker? string mkinitcpio, dracut, initramfs-tools, booster or qsh
---@field init? string what the kernel starts
---@field kernel? table { format, arch, release, config } where it is a kernel image
local image = {}

---@class qsh.initramfs.LintOptions
---@field arch? string architecture of its programs (default: the kernel's, or the host's)
---@field kernel? string the kernel that is to boot it
---@field init? string what the kernel starts (default "/init")

--- Finds before boot what the kernel would lose without a word, and programs that cannot run.
---@param options? qsh.initramfs.LintOptions
---@return qsh.initramfs.Finding[]
function image:lint(options) end

--- The chain of reasons for a file, the file itself first: what an image of `qsh mkinitramfs` says
--- of itself; of others, what their files say of each other.
---@param path string a path in it, a module's name, or that of the only file of this name
---@return qsh.initramfs.Reason[]
function image:why(path) end

--- As `why`, but returns `nil, err` where it would raise.
---@param path string
---@return qsh.initramfs.Reason[]?, qsh.error?
function image:try_why(path) end

---@class qsh.initramfs.ExtractOptions
---@field paths? string|string[] files and folders in it, also with `*` (default: all)

--- Writes the tree that the kernel would make into a folder, and nowhere else.
---@param folder string made where it is missing
---@param options? qsh.initramfs.ExtractOptions
---@return string[] # what could not be made, and why
function image:extract(folder, options) end

--- As `extract`, but returns `nil, err` where it would raise.
---@param folder string
---@param options? qsh.initramfs.ExtractOptions
---@return string[]?, qsh.error?
function image:try_extract(folder, options) end

---@class qsh.initramfs.AppendOptions
---@field output? string the new image (default: in the place of the old one)
---@field compression? string of the added files (default "none")
---@field level? integer the codec's own

--- Adds files without unpacking, with paths through the image's own symlinks.
---@param overlays string|string[]|table<string, string> folders and files, or files by path in the image
---@param options? qsh.initramfs.AppendOptions
---@return qsh.initramfs.image # the new image
function image:append(overlays, options) end

--- As `append`, but returns `nil, err` where it would raise.
---@param overlays string|string[]|table<string, string>
---@param options? qsh.initramfs.AppendOptions
---@return qsh.initramfs.image?, qsh.error?
function image:try_append(overlays, options) end

---@class qsh.initramfs.DiffOptions
---@field times? boolean other times alone are a difference too

---@class qsh.initramfs.Difference
---@field added qsh.initramfs.Node[] only in the second
---@field removed qsh.initramfs.Node[] only in the first
---@field changed table[] { path, what, before, after }
---@field bytes table { before, after }

--- What differs between the trees that the kernel makes of two images.
---@param first string
---@param second string
---@param options? qsh.initramfs.DiffOptions
---@return qsh.initramfs.Difference
function qsh.initramfs.diff(first, second, options) end

--- As `diff`, but returns `nil, err` where it would raise.
---@param first string
---@param second string
---@param options? qsh.initramfs.DiffOptions
---@return qsh.initramfs.Difference?, qsh.error?
function qsh.initramfs.try_diff(first, second, options) end
