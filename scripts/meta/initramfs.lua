---@meta
-- What an initramfs picks with all that it needs; see qsh.lua.
-- luacheck: ignore

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

--- The chain of reasons for a path, the path itself first; empty where nobody wrote it down.
---@param path string
---@return qsh.initramfs.Reason[]
function initramfs:why(path) end
