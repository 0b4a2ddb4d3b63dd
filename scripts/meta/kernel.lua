---@meta
-- Kernel sources and what is built from them.
-- luacheck: ignore

---@class qsh.kernel.OpenOptions
---@field debian? string a package of Debian: "linux-source", "linux-source-6.1"
---@field suite? string Debian's suite that has it, "bookworm-backports" (default: the host's)
---@field git? string a git repository
---@field rev? string its revision (default: HEAD), checked out in the cache

---@class qsh.kernel.Git
---@field commit string the full name of what is checked out
---@field branch? string nil where none is checked out
---@field tag? string a tag of that very commit
---@field dirty boolean whether tracked files differ from the commit

--- A kernel's source tree.
---@class qsh.kernel.tree
---@field folder string where it is
---@field version string "6.1.192", read without make
---@field arch string what it is built for unless a build says otherwise
---@field origin "folder"|"tarball"|"debian"|"git" where it came from
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

---@class qsh.kernel.BuildOptions
---@field target? string|string[] targets of make (default: the architecture's image)
---@field jobs? integer processes at once (default: one a processor)
---@field out? string where make works (default: a folder in the cache)
---@field arch? string architecture (default: the host's)
---@field cross? string prefix of the programs' names: "aarch64-linux-gnu-"
---@field toolchain? string "gcc", "llvm", or one with a version: "llvm-15"
---@field make? table<string, string|integer> further variables for make
---@field wrapper? string what the compiler is called through: "ccache", "distcc"
---@field modules? boolean whether modules are built (default: where the configuration has any)
---@field compile_commands? boolean whether `compile_commands.json` is made
---@field requires? string[] symbols that the configuration must have on
---@field cache? boolean false builds even where the cache has the answer

---@class qsh.kernel.Remark
---@field file? string as the compiler names it
---@field line? integer counted from 1
---@field text string the compiler's words

--- A kernel that was built; `qsh.machine.boot` takes it as `kernel`.
---@class qsh.kernel.built
---@field image? string what boots
---@field vmlinux? string the ELF file with symbols
---@field release string what `uname -r` will say
---@field arch string the architecture's name, as in `qsh.arch`
---@field config string its `.config`
---@field system_map? string path of `System.map`
---@field modules? string `lib/modules/RELEASE`, with depmod's lists
---@field dtbs? string folder of the device trees
---@field headers? string what modules are built against
---@field compile_commands? string path of `compile_commands.json`, where it was asked for
---@field folder string the cache's entry
---@field log string all that make printed
---@field warnings qsh.kernel.Remark[] what compilers warned of, each once
---@field cached boolean whether make did not run
local built = {}

--- Builds, out of the tree, or takes what the cache has of the very same build.
---@param options? qsh.kernel.BuildOptions
---@return qsh.kernel.built
function tree:build(options) end

--- As `build`, but returns `nil, err` where it would raise.
---@param options? qsh.kernel.BuildOptions
---@return qsh.kernel.built?, qsh.error?
function tree:try_build(options) end

---@class qsh.kernel.ModuleOptions
---@field jobs? integer processes at once (default: one a processor)

---@class qsh.kernel.Module
---@field path string the first `.ko` file
---@field files string[] all of them
---@field log string all that make printed
---@field warnings qsh.kernel.Remark[] what compilers warned of, each once

--- Builds modules of a folder of your own, which stays as it is.
---@param dir string
---@param options? qsh.kernel.ModuleOptions
---@return qsh.kernel.Module
function built:module(dir, options) end

--- As `module`, but returns `nil, err` where it would raise.
---@param dir string
---@param options? qsh.kernel.ModuleOptions
---@return qsh.kernel.Module?, qsh.error?
function built:try_module(dir, options) end

---@alias qsh.kernel.Base string|qsh.kernel.config|qsh.kernel.Found|qsh.kernel.built

---@class qsh.kernel.ConfigureOptions
---@field base? qsh.kernel.Base a target, a file, a kernel (default "defconfig")
---@field fragments? string[] files, or qsh's own: "console", "virtio", "tiny"
---@field set? table<string, boolean|string|integer> single values, which win
---@field requires? string[] symbols that must be on in the end
---@field out? string where make works (default: a folder in the cache)
---@field arch? string architecture (default: the host's)
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
---@field out? string where make works (default: a folder in the cache)
---@field arch? string architecture (default: the host's)
---@field cross? string prefix of the programs' names: "aarch64-linux-gnu-"
---@field toolchain? string "gcc", "llvm", or one with a version
---@field make? table<string, string|integer> further variables for make
---@field wrapper? string what the compiler is called through

--- Gives the terminal to the kernel's own menu.
---@param options? qsh.kernel.MenuOptions
---@return string # what was changed there, as a fragment
function tree:menuconfig(options) end

--- As `menuconfig`, but returns `nil, err` where it would raise.
---@param options? qsh.kernel.MenuOptions
---@return string?, qsh.error?
function tree:try_menuconfig(options) end
