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
