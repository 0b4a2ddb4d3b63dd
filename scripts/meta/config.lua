---@meta
-- Configurations of kernels.
-- luacheck: ignore

--- A configuration that was read.
---@class qsh.kernel.config
---@field path? string where it lies
---@field text string the whole of it, as a `.config`
---@field changed boolean whether `configure` made another one than there was
---@field notes string[] what `configure` found worth saying
local config = {}

--- What a symbol is set to: true, "m", false, a number or a text; nil where it is not mentioned.
---@param name string with or without `CONFIG_`
---@return boolean|string|integer?
function config:get(name) end

--- Whether a symbol is built in, a module, or set to something.
---@param name string
---@return boolean
function config:has(name) end

--- All of them by name, as `get` returns them.
---@return table<string, boolean|string|integer>
function config:symbols() end

--- What differs from an older configuration, as the text of a fragment.
---@param old qsh.kernel.config
---@return string
function config:changes(old) end

--- Reads a `.config`, `/proc/config.gz`, or the configuration in or beside a kernel image.
---@param source? string|qsh.kernel.Found|qsh.kernel.built default: the running kernel's
---@return qsh.kernel.config
function qsh.kernel.config(source) end

--- As `config`, but returns `nil, err` where it would raise.
---@param source? string|qsh.kernel.Found|qsh.kernel.built
---@return qsh.kernel.config?, qsh.error?
function qsh.kernel.try_config(source) end

---@alias qsh.kernel.Base string|qsh.kernel.config|qsh.kernel.Found|qsh.kernel.built

---@class qsh.kernel.ConfigureOptions
---@field base? qsh.kernel.Base a target, a file, a kernel (default "defconfig")
---@field fragments? string[] files, or qsh's own: "console", "virtio", "tiny"
---@field set? table<string, boolean|string|integer> single values, which win
---@field requires? string[] symbols that must be on in the end
---@field out? string where make works (default: a folder in the cache)
---@field arch? string
---@field cross? string prefix of the programs' names
---@field toolchain? string "gcc", "llvm", or one with a version
---@field make? table<string, string|integer> further variables for make
---@field wrapper? string what the compiler is called through

--- Configures the tree. What was asked for and did not survive is an error that says why.
---@param options? qsh.kernel.ConfigureOptions
---@return qsh.kernel.config
function tree:configure(options) end

--- As `configure`, but returns `nil, err` where it would raise.
---@param options? qsh.kernel.ConfigureOptions
---@return qsh.kernel.config?, qsh.error?
function tree:try_configure(options) end

---@class qsh.kernel.MenuOptions
---@field base? qsh.kernel.Base what it starts from (default: what there is)
---@field out? string
---@field arch? string
---@field cross? string
---@field toolchain? string
---@field make? table<string, string|integer>
---@field wrapper? string

--- Gives the terminal to the kernel's own menu.
---@param options? qsh.kernel.MenuOptions
---@return string # what was changed there, as a fragment
function tree:menuconfig(options) end

--- As `menuconfig`, but returns `nil, err` where it would raise.
---@param options? qsh.kernel.MenuOptions
---@return string?, qsh.error?
function tree:try_menuconfig(options) end
