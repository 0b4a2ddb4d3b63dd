---@meta
-- Kernel sources and what is built from them.
-- luacheck: ignore

---@class qsh.kernel.OpenOptions
---@field debian? string a package of Debian: "linux-source", "linux-source-6.1"
---@field git? string a git repository
---@field rev? string its revision (default: HEAD), checked out in the cache

---@class qsh.kernel.Git
---@field commit string the full name of what is checked out
---@field branch? string
---@field tag? string a tag of that very commit
---@field dirty boolean whether tracked files differ from the commit

--- A kernel's source tree.
---@class qsh.kernel.tree
---@field folder string
---@field version string "6.1.192", read without make
---@field arch string what it is built for unless a build says otherwise
---@field origin "folder"|"tarball"|"debian"|"git"
---@field git? qsh.kernel.Git nil where the folder is not the top of a repository
local tree = {}

--- Opens a source tree: a folder, a tarball (unpacked into the cache once), Debian's package, or a
--- revision of a repository, whose own checkout stays as it is.
---@param source string|qsh.kernel.OpenOptions
---@return qsh.kernel.tree
function qsh.kernel.open(source) end

--- As `open`, but returns `nil, err` where it would raise.
---@param source string|qsh.kernel.OpenOptions
---@return qsh.kernel.tree?, qsh.error?
function qsh.kernel.try_open(source) end
