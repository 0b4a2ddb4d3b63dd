---@meta
-- Machine control, snapshots and networks: the part of the API that docs/machine-control.md is
-- about.
-- luacheck: ignore

---@class qsh.QMPEvent
---@field name string as in QEMU's QMP reference
---@field data table<string, any> its members, as QEMU names them

---@class qsh.machine.TimeoutOptions
---@field timeout? number seconds (default: the machine's `timeout`)

---@class qsh.machine.GdbOptions
---@field port? integer a TCP port of this host
---@field socket? string path of a Unix socket (default: one in the machine's run folder)
---@field symbols? string the kernel's `vmlinux` (default: looked for around its image)

---@class qsh.machine.DumpOptions
---@field format? "elf"|"kdump-zlib"|"kdump-lzo"|"kdump-snappy" QEMU's (default "elf")
---@field timeout? number seconds

---@class qsh.machine.DriveOptions
---@field path? string the image; may also be the table's first value
---@field format? string "raw", "qcow2", … (default: what the image's first bytes say)
---@field readonly? boolean the guest cannot write (default false)
---@field persist? boolean what the guest writes goes into the file

---@class qsh.machine.ShareOptions
---@field path? string the folder; may also be the table's first value
---@field mount? string where it is in the guest (default "/mnt/host")
---@field writable? boolean the guest may write into the folder (default false)

---@class qsh.machine.ForwardOptions
---@field guest integer the guest's port
---@field host? integer this host's port, on 127.0.0.1 (default: any free one)
---@field udp? boolean UDP instead of TCP

---@class qsh.machine.WriteAgentOptions
---@field arch? string (default: the host's)

---@class qsh.machine.WaitForOptions
---@field timeout? number seconds (default: the machine's `timeout`)
---@field interval? number seconds between two looks (default 0.1)

---@class qsh.snapshot.RestoreOptions
---@field name? string in messages
---@field echo? boolean print the console as it comes
---@field timeout? number limit of each wait that names none
---@field transcript? string an existing folder for its `console.log`

--- A network between machines, and to nowhere else. The option `network` takes it.
---@return qsh.network
function qsh.machine.network() end

--- Writes the agent's program, to be started as root in a guest that qsh did not make.
---@param path string
---@param options? qsh.machine.WriteAgentOptions
---@return string # the path
function qsh.machine.write_agent(path, options) end

--- As `write_agent`, but returns `nil, err` where it would raise.
---@param path string
---@param options? qsh.machine.WriteAgentOptions
---@return string?, qsh.error?
function qsh.machine.try_write_agent(path, options) end

---@class qsh.network
---@field frames integer how many frames were passed on

--- A machine as it was at one moment.
---@class qsh.snapshot
---@field memory integer bytes of the host's memory that it takes
local snapshot = {}

--- Starts a machine that goes on from there.
---@param options? qsh.snapshot.RestoreOptions
---@return qsh.machine
function snapshot:restore(options) end

--- As `restore`, but returns `nil, err` where it would raise.
---@param options? qsh.snapshot.RestoreOptions
---@return qsh.machine?, qsh.error?
function snapshot:try_restore(options) end

--- Gives its memory back; machines that were restored from it go on.
function snapshot:release() end

--- A command that runs in a guest.
---@class qsh.guestprocess
---@field running boolean whether it has not ended yet
local guestprocess = {}

--- Waits for its end; it is killed where the time is over.
---@param options? qsh.machine.TimeoutOptions
---@return qsh.CommandResult
function guestprocess:wait(options) end

--- As `wait`, but returns `nil, err` where it would raise.
---@param options? qsh.machine.TimeoutOptions
---@return qsh.CommandResult?, qsh.error?
function guestprocess:try_wait(options) end

--- Sends it a signal, and all that it started: 9 or "KILL" (default 15).
---@param signal? integer|string
function guestprocess:kill(signal) end

---@class qsh.machine
---@field restored boolean it went on from a snapshot or the cache
---@field address? string the guest's address in its first private network
---@field forwards table<integer, integer> this host's ports by the guest's
---@field events qsh.QMPEvent[] QEMU's newest 256 events
local machine = {}

--- Runs a command of QMP and returns what it returns.
---@param command string
---@param arguments? table<string, any>
---@param options? qsh.machine.TimeoutOptions
---@return any
function machine:qmp(command, arguments, options) end

--- As `qmp`, but returns `nil, err` where it would raise.
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

--- As `wait_event`, but returns `nil, err` where it would raise.
---@param name string|string[]
---@param options? qsh.machine.TimeoutOptions
---@return qsh.QMPEvent?, qsh.error?
function machine:try_wait_event(name, options) end

--- Stops the guest's processors.
---@param options? qsh.machine.TimeoutOptions
function machine:pause(options) end

--- As `pause`, but returns `nil, err` where it would raise.
---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_pause(options) end

--- Lets the guest run on.
---@param options? qsh.machine.TimeoutOptions
function machine:resume(options) end

--- As `resume`, but returns `nil, err` where it would raise.
---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_resume(options) end

--- Presses the reset button: the guest boots anew.
---@param options? qsh.machine.TimeoutOptions
function machine:reset(options) end

--- As `reset`, but returns `nil, err` where it would raise.
---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_reset(options) end

--- Presses the power button.
---@param options? qsh.machine.TimeoutOptions
function machine:powerdown(options) end

--- As `powerdown`, but returns `nil, err` where it would raise.
---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_powerdown(options) end

--- Writes what the screen shows as a PNG file; needs `display = true`.
---@param path string
---@param options? qsh.machine.TimeoutOptions
---@return string # the path
function machine:screenshot(path, options) end

--- As `screenshot`, but returns `nil, err` where it would raise.
---@param path string
---@param options? qsh.machine.TimeoutOptions
---@return string?, qsh.error?
function machine:try_screenshot(path, options) end

--- Presses keys together: "ret", "ctrl-alt-delete".
---@param key string
---@param options? qsh.machine.TimeoutOptions
function machine:send_key(key, options) end

--- As `send_key`, but returns `nil, err` where it would raise.
---@param key string
---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_send_key(key, options) end

--- Types a text on the machine's (US) keyboard, not on its console.
---@param text string
---@param options? qsh.machine.TimeoutOptions
function machine:type(text, options) end

--- As `type`, but returns `nil, err` where it would raise.
---@param text string
---@param options? qsh.machine.TimeoutOptions
---@return nil, qsh.error?
function machine:try_type(text, options) end

--- Starts a server for gdb, and says how to attach.
---@param options? qsh.machine.GdbOptions
---@return string # the command line
function machine:gdb(options) end

--- As `gdb`, but returns `nil, err` where it would raise.
---@param options? qsh.machine.GdbOptions
---@return string?, qsh.error?
function machine:try_gdb(options) end

--- Writes the guest's memory to a file, for crash or drgn.
---@param path string
---@param options? qsh.machine.DumpOptions
---@return string # the path
function machine:dump(path, options) end

--- As `dump`, but returns `nil, err` where it would raise.
---@param path string
---@param options? qsh.machine.DumpOptions
---@return string?, qsh.error?
function machine:try_dump(path, options) end

--- Saves the machine as it is now; it then runs on.
---@param options? qsh.machine.TimeoutOptions
---@return qsh.snapshot
function machine:snapshot(options) end

--- As `snapshot`, but returns `nil, err` where it would raise.
---@param options? qsh.machine.TimeoutOptions
---@return qsh.snapshot?, qsh.error?
function machine:try_snapshot(options) end

--- As `execute`, but does not wait: several may run at once.
---@param command string|string[]
---@param options? qsh.machine.ExecuteOptions
---@return qsh.guestprocess
function machine:start(command, options) end

--- As `start`, but returns `nil, err` where it would raise.
---@param command string|string[]
---@param options? qsh.machine.ExecuteOptions
---@return qsh.guestprocess?, qsh.error?
function machine:try_start(command, options) end

--- Waits until a file or folder is there in the guest.
---@param path string
---@param options? qsh.machine.WaitForOptions
function machine:wait_for_file(path, options) end

--- As `wait_for_file`, but returns `nil, err` where it would raise.
---@param path string
---@param options? qsh.machine.WaitForOptions
---@return nil, qsh.error?
function machine:try_wait_for_file(path, options) end

--- Waits until something in the guest listens on a TCP port.
---@param port integer
---@param options? qsh.machine.WaitForOptions
function machine:wait_for_port(port, options) end

--- As `wait_for_port`, but returns `nil, err` where it would raise.
---@param port integer
---@param options? qsh.machine.WaitForOptions
---@return nil, qsh.error?
function machine:try_wait_for_port(port, options) end
