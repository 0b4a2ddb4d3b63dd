---@meta
-- Machine control, snapshots and networks: the part of the API that docs/machine-control.md is
-- about.
-- luacheck: ignore

---@class qsh.QMPEvent
---@field name string as in QEMU's QMP reference
---@field data table<string, any>

---@class qsh.machine.TimeoutOptions
---@field timeout? number

---@class qsh.machine.GdbOptions
---@field port? integer a TCP port of this host
---@field socket? string path of a Unix socket (default: one in the machine's run folder)
---@field symbols? string the kernel's `vmlinux` (default: looked for around its image)

---@class qsh.machine.DumpOptions
---@field format? "elf"|"kdump-zlib"|"kdump-lzo"|"kdump-snappy"
---@field timeout? number

---@class qsh.machine
---@field events qsh.QMPEvent[] QEMU's newest 256 events
local machine = {}

--- Runs a command of QMP and returns what it returns.
---@param command string
---@param arguments? table<string, any>
---@param options? qsh.machine.TimeoutOptions
---@return any
function machine:qmp(command, arguments, options) end

---@param command string
---@param arguments? table<string, any>
---@param options? qsh.machine.TimeoutOptions
---@return any, qsh.error?
function machine:try_qmp(command, arguments, options) end

--- Waits for an event that no `wait_event` has returned yet.
---@param name string|string[]
---@param options? qsh.machine.TimeoutOptions
---@return qsh.QMPEvent
function machine:wait_event(name, options) end

---@param name string|string[]
---@param options? qsh.machine.TimeoutOptions
---@return qsh.QMPEvent?, qsh.error?
function machine:try_wait_event(name, options) end

--- Stops the guest's processors.
---@param options? qsh.machine.TimeoutOptions
function machine:pause(options) end

---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_pause(options) end

--- Lets the guest run on.
---@param options? qsh.machine.TimeoutOptions
function machine:resume(options) end

---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_resume(options) end

--- Presses the reset button: the guest boots anew.
---@param options? qsh.machine.TimeoutOptions
function machine:reset(options) end

---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_reset(options) end

--- Presses the power button.
---@param options? qsh.machine.TimeoutOptions
function machine:powerdown(options) end

---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_powerdown(options) end

--- Writes what the screen shows as a PNG file; needs `display = true`.
---@param path string
---@param options? qsh.machine.TimeoutOptions
---@return string # the path
function machine:screenshot(path, options) end

---@param path string
---@param options? qsh.machine.TimeoutOptions
---@return string?, qsh.error?
function machine:try_screenshot(path, options) end

--- Presses keys together: "ret", "ctrl-alt-delete".
---@param key string
---@param options? qsh.machine.TimeoutOptions
function machine:send_key(key, options) end

---@param key string
---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_send_key(key, options) end

--- Types a text on the machine's (US) keyboard, not on its console.
---@param text string
---@param options? qsh.machine.TimeoutOptions
function machine:type(text, options) end

---@param text string
---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_type(text, options) end

--- Starts a server for gdb, and says how to attach.
---@param options? qsh.machine.GdbOptions
---@return string # the command line
function machine:gdb(options) end

---@param options? qsh.machine.GdbOptions
---@return string?, qsh.error?
function machine:try_gdb(options) end

--- Writes the guest's memory to a file, for crash or drgn.
---@param path string
---@param options? qsh.machine.DumpOptions
---@return string # the path
function machine:dump(path, options) end

---@param path string
---@param options? qsh.machine.DumpOptions
---@return string?, qsh.error?
function machine:try_dump(path, options) end
