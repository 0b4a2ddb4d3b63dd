---@meta
-- The API of qsh for editors and language servers: every name, argument and option. Nothing loads
-- these files; a test holds them against the live table.
-- luacheck: ignore

--- All that qsh adds to Lua. Times are seconds, fractions allowed.
---@class qsh
---@field interactive boolean standard input and output are a terminal
---@field timeout_scale number a factor on every machine's limits (default 1)
---@field version string the version of the program and of this API
qsh = {}

--- Seconds on a clock that never jumps, for measuring.
---@return number
function qsh.now() end

--- The known word that was probably meant.
---@param word string
---@param known string[]
---@return string? # nil where none is near
function qsh.nearest(word, known) end

--- Where kernels come from.
---@class qsh.kernelmodule
qsh.kernel = {}

---@class qsh.kernel.FindOptions
---@field path? string an image, an unpacked package or a build folder
---@field arch? string the machine's architecture (default: the kernel's, else the host's)

---@class qsh.kernel.Found
---@field image string path of the image
---@field release string what `uname -r` will say
---@field arch string the architecture's name, as in `qsh.arch`
---@field origin "asked"|"environment"|"host"|"debian" which of the four ways found it
---@field modules? string folder of its modules
---@field config? string its build configuration

--- The path asked for, else `QSH_KERNEL`, else the host's own, else Debian's (fetched once).
---@param options? qsh.kernel.FindOptions
---@return qsh.kernel.Found
function qsh.kernel.find(options) end

--- As `find`, but returns `nil, err` where it would raise.
---@param options? qsh.kernel.FindOptions
---@return qsh.kernel.Found?, qsh.error?
function qsh.kernel.try_find(options) end

--- Root images that qsh writes itself.
---@class qsh.initramfsmodule
qsh.initramfs = {}

---@class qsh.initramfs.NewOptions
---@field busybox? boolean|string true, or the path of a static busybox
---@field init? string text of `/init`
---@field arch? string what its programs run on (default: the host's)

--- A root that is written by qsh: empty, or with busybox, its applets and an `/init`.
---@param options? qsh.initramfs.NewOptions
---@return qsh.initramfs
function qsh.initramfs.new(options) end

--- A root that is being assembled. The adding methods return the root, for chains.
---@class qsh.initramfs
local initramfs = {}

---@class qsh.initramfs.EntryOptions
---@field mode? string octal digits: "0755"
---@field uid? integer owner (default 0)
---@field gid? integer group (default 0)

---@class qsh.initramfs.FileOptions: qsh.initramfs.EntryOptions
---@field text? string the file's bytes; either this or `from`
---@field from? string a file of the host

---@class qsh.initramfs.SymlinkOptions
---@field uid? integer owner (default 0)
---@field gid? integer group (default 0)

---@class qsh.initramfs.NodOptions: qsh.initramfs.EntryOptions
---@field type "c"|"b"|"p" character device, block device or fifo
---@field major? integer the driver's number; of a device it must be given
---@field minor? integer the device's number; of a device it must be given

---@class qsh.initramfs.TreeOptions
---@field from string a folder of the host

--- Adds a folder, and those above it.
---@param path string
---@param options? qsh.initramfs.EntryOptions
---@return qsh.initramfs
function initramfs:dir(path, options) end

--- Adds a file from a text or from the host.
---@param path string
---@param content string|qsh.initramfs.FileOptions the text, or a table
---@param options? qsh.initramfs.EntryOptions after a text
---@return qsh.initramfs
function initramfs:file(path, content, options) end

--- Adds a symbolic link; the target is not looked at.
---@param path string
---@param target string
---@param options? qsh.initramfs.SymlinkOptions
---@return qsh.initramfs
function initramfs:symlink(path, target, options) end

--- Adds a device node or a fifo, without any rights.
---@param path string
---@param options qsh.initramfs.NodOptions
---@return qsh.initramfs
function initramfs:nod(path, options) end

--- Adds everything below a folder of the host; owners become root.
---@param path string
---@param options qsh.initramfs.TreeOptions
---@return qsh.initramfs
function initramfs:tree(path, options) end

--- The paths in the image, in its order.
---@return string[]
function initramfs:entries() end

--- What is wrong with it, before it is written: see `qsh.initramfs.image:lint`.
---@param options? qsh.initramfs.LintOptions
---@return qsh.initramfs.Finding[]
function initramfs:lint(options) end

---@class qsh.initramfs.WriteOptions
---@field compression? string none, zstd, gzip, xz, lz4, lzo, bzip2 or lzma (default "none")
---@field level? integer the codec's own

--- Writes the image as newc cpio: the same entries give the same bytes.
---@param path string
---@param options? qsh.initramfs.WriteOptions
---@return string # the path
function initramfs:write(path, options) end

--- As `write`, but returns `nil, err` where it would raise.
---@param path string
---@param options? qsh.initramfs.WriteOptions
---@return string?, qsh.error?
function initramfs:try_write(path, options) end

--- Commands on the host.
---@class qsh.procmodule
qsh.proc = {}

---@class qsh.proc.RunOptions
---@field cwd? string folder (default: this one)
---@field env? table<string, string|integer|false> false removes a variable
---@field stdin? string bytes for its standard input (default: none)
---@field timeout? number (default 600)

--- Runs a program; a status other than 0 is an error.
---@param cmd string[]
---@param options? qsh.proc.RunOptions
---@return qsh.CommandResult
function qsh.proc.run(cmd, options) end

--- As `run`, but a failing program's result is returned too.
---@param cmd string[]
---@param options? qsh.proc.RunOptions
---@return qsh.CommandResult
function qsh.proc.try_run(cmd, options) end

--- Several coroutines side by side.
---@class qsh.taskmodule
qsh.task = {}

--- Starts a function beside the caller.
---@param body function
---@param ... any its arguments
---@return qsh.task
function qsh.task.spawn(body, ...) end

--- Suspends this coroutine; others go on.
---@param seconds number
function qsh.task.sleep(seconds) end

--- Waits for all; returns the first result of each. The first failure cancels the others.
---@param ... function|qsh.task|(function|qsh.task)[]
---@return any ...
function qsh.task.all(...) end

--- Waits for the first that ends, returns its results and cancels the others.
---@param ... function|qsh.task|(function|qsh.task)[]
---@return any ...
function qsh.task.race(...) end

---@class qsh.task
---@field status "running"|"waiting"|"done"|"failed" "waiting" in a primitive, "running" in Lua
local task = {}

--- Waits for its end; returns what it returned, raises what it raised.
---@return any ...
function task:wait() end

--- As `wait`, but returns `nil, err` where it would raise.
---@return any ...
function task:try_wait() end

--- Stops it: it unwinds, its machines close.
function task:cancel() end

--- What primitives raise. `tostring(err)` is the message.
---@class qsh.error
---@field kind string the verdict: "usage", "timeout", "panic", …
---@field message string one sentence: what, and why
---@field hint? string one action
---@field notes string[] facts
---@field reproduce? string the command, quoted for a shell
---@field location? string file and line in the recipe
---@field traceback string the Lua functions that led there
---@field cause? any the error behind it
