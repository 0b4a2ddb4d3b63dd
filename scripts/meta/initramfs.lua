---@meta
-- What an initramfs picks with all that it needs; see qsh.lua.
-- luacheck: ignore

---@class qsh.initramfs.HookOptions
---@field name string a file name in the image too
---@field help? string one sentence for the list of hooks
---@field build? fun(image: qsh.initramfs) adds files; `image:modules(names)` knows the kernel
---@field run_earlyhook? string shell text: before the modules are loaded
---@field run_hook? string after that, to make the root's device appear
---@field run_latehook? string when the root is mounted at /new_root
---@field run_cleanuphook? string just before the root's init starts
---@field run_emergencyhook? string before the rescue prompt

---@class qsh.initramfs.GenerateOptions
---@field kernel? string|qsh.kernel.Found (default: as qsh.kernel.find)
---@field output? string write the image here
---@field hooks? string|(string|qsh.initramfs.HookOptions)[] in their order
---@field hookdir? string a folder of hooks of your own, NAME.lua each
---@field compression? string none, zstd, gzip, xz, lz4, … (default "none")
---@field level? integer of the compression
---@field root? string|string[] disks or images of them that the root lies on
---@field moduleroot? string `lib/modules/RELEASE` (default: what lies near the kernel)
---@field modules? string|string[] to load first
---@field binaries? string|string[] programs to add with all that they need
---@field files? string|string[] to add under their own names
---@field firmware? string a folder of firmware that is looked into first
---@field modconf? string a folder of modprobe.d files for the hook `modconf`
---@field busybox? string a static busybox

---@class qsh.initramfs.Share
---@field name string a hook, a kind of file or a path
---@field bytes integer before compression
---@field files integer how many

---@class qsh.initramfs.Report
---@field bytes integer of all files, before compression
---@field entries integer how many the image has
---@field hooks qsh.initramfs.Share[] largest first
---@field reasons qsh.initramfs.Share[] by why a file is there, largest first
---@field largest qsh.initramfs.Share[] the largest files
---@field remarks string[] what was not found and may be missed

--- Puts an image together from hooks with mkinitcpio's names and meaning.
---@param options? qsh.initramfs.GenerateOptions
---@return qsh.initramfs, qsh.initramfs.Report
function qsh.initramfs.generate(options) end

--- As `generate`, but returns `nil, err` where it would raise.
---@param options? qsh.initramfs.GenerateOptions
---@return qsh.initramfs?, qsh.error|qsh.initramfs.Report
function qsh.initramfs.try_generate(options) end

---@class qsh.initramfs
local initramfs = {}

---@class qsh.initramfs.BinaryOptions
---@field root? string the folder that is taken for `/` (default: the host's own)
---@field to? string another path in the image for the program itself
---@field arch? string what the image is for (default: the host's)

--- Adds a program with its interpreter, its libraries and what it loads while it runs.
---@param path string a path, or a name to be found in the usual folders
---@param options? qsh.initramfs.BinaryOptions
---@return qsh.initramfs
function initramfs:binary(path, options) end

---@class qsh.initramfs.ModulesOptions
---@field moduleroot? string `lib/modules/RELEASE` (default: what lies near the kernel)

--- Adds modules with all that they need and their firmware; they are loaded first, in order.
---@param kernel string|qsh.kernel.Found
---@param names string|string[] modules or aliases
---@param options? qsh.initramfs.ModulesOptions
---@return qsh.initramfs
function initramfs:modules(kernel, names, options) end

---@class qsh.initramfs.Reason
---@field path string a file of the image
---@field reason string why it is there
---@field hook? string the hook that was at work
---@field because? string the file that brought it, which the next entry is about

--- The chain of reasons for a file, the file itself first; empty where there is none such.
---@param path string a path in it, a module's name, or that of the only file of this name
---@return qsh.initramfs.Reason[]
function initramfs:why(path) end
