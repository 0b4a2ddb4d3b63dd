---@meta
-- The part of the API that is about machines and consoles; see qsh.lua beside this file.
-- luacheck: ignore

--- Machines that run.
---@class qsh.machinemodule
qsh.machine = {}

---@class qsh.machine.SMP
---@field cpus? integer processors at the start (default: the product of the others)
---@field sockets? integer processor packages
---@field dies? integer in a socket
---@field clusters? integer in a die
---@field cores? integer in a cluster, die or socket
---@field threads? integer of a core
---@field maxcpus? integer with those that can be added later

---@alias qsh.machine.Device string|table QEMU's notation, or `{ "e1000", mac = "…" }`

---@class qsh.machine.BootOptions
---@field kernel? string|qsh.kernel.Found an image's path, or what `find` or `build` gave
---@field initramfs? string|qsh.initramfs an image's path, or a root that is written for this boot
---@field append? string|string[] kernel command line
---@field arch? string guest architecture (default: the kernel's, else the host's)
---@field smp? integer|qsh.machine.SMP processors
---@field memory? string|number "512M", "1G"; a number counts MiB (default 512)
---@field accel? "auto"|"kvm"|"tcg" what runs the guest (default "auto": KVM where it works)
---@field cpu? string QEMU's -cpu
---@field machine? string QEMU's -machine
---@field drive? qsh.machine.Device|qsh.machine.Device[] QEMU's -drive
---@field netdev? qsh.machine.Device|qsh.machine.Device[] QEMU's -netdev
---@field device? qsh.machine.Device|qsh.machine.Device[] QEMU's -device
---@field args? string[] further arguments for QEMU, each as it is
---@field drives? string|qsh.machine.DriveOptions|(string|qsh.machine.DriveOptions)[] disk images; what the guest writes is thrown away
---@field share? string|qsh.machine.ShareOptions|(string|qsh.machine.ShareOptions)[] folders of the host, over 9p, which the guest may read
---@field network? boolean|qsh.network|(boolean|qsh.network)[] true for QEMU's user network, or private networks
---@field forward? integer|(integer|qsh.machine.ForwardOptions)[]|table<integer, integer> ports of this host to ports of the guest
---@field cache? boolean go on from an equal boot of before; keep this one
---@field display? boolean a screen (and a keyboard where the board has none)
---@field paused? boolean wait for `resume` before the first instruction
---@field gdb? boolean|integer|string|qsh.machine.GdbOptions start a server for gdb: true, a port, a socket's path
---@field qemu? string the QEMU program
---@field lint? boolean refuse an initramfs that could not start (default true)
---@field transcript? string an existing folder for the console's `console.log`
---@field name? string in messages (default "machine")
---@field echo? boolean print the console as it comes (default: at the prompt)
---@field vmlinux? string the kernel's file with debug information, for source lines in crash reports
---@field requires? string[] symbols that the kernel must have on, as its configuration tells
---@field agent? boolean|"serial" qsh's agent in the guest (default: where qsh makes the initramfs); "serial" for a second serial port
---@field timeout? number limit of each wait that names none (default 60)
---@field timeout_scale? number what one second of a limit counts
---@field expected? string[] reports of the kernel that the recipe provokes: kinds, parts of a line

--- Starts QEMU. The result is to be closed: `local m <close> = …`.
---@param options qsh.machine.BootOptions
---@return qsh.machine
function qsh.machine.boot(options) end

--- As `boot`, but returns `nil, err` where it would raise.
---@param options qsh.machine.BootOptions
---@return qsh.machine?, qsh.error?
function qsh.machine.try_boot(options) end

--- The command line that `boot` would run, quoted for a shell. Starts nothing.
---@param options qsh.machine.BootOptions
---@return string
function qsh.machine.command(options) end

---@class qsh.machine
---@field console qsh.console its serial console
---@field pid integer QEMU's process
---@field accel "kvm"|"tcg"|"host" what runs the guest
---@field command string a command line to paste, with the console on the terminal
---@field running boolean whether QEMU has not ended yet
---@field verdict? string how it ended; nil while it runs
---@field dmesg qsh.KernelLine[] kernel messages so far
---@field reports qsh.CrashReport[] the kernel's reports of trouble, expected ones too
---@field timeout_scale number what one second of a limit counts
local machine = {}

---@class qsh.machine.Phase
---@field phase "firmware"|"decompression"|"kernel"|"init"|"prompt" in this order
---@field start number seconds since QEMU's start
---@field duration? number nil for a phase that is not over

--- How long each phase of its start took.
---@return qsh.machine.Phase[]
function machine:timeline() end

--- Hands the console to the user's terminal: `machine.console:interact`.
---@param options? qsh.console.InteractOptions
---@return "left"|"machine-ended"|"input-closed"
function machine:interact(options) end

---@class qsh.KernelLine
---@field time number seconds since the kernel started
---@field text string without time and level
---@field level? integer 0 (emergency) to 7 (debug), where the console shows it

---@class qsh.machine.WaitOptions
---@field timeout? number seconds (default: the machine's `timeout`)

---@class qsh.machine.ExecuteOptions
---@field stdin? string bytes for its standard input (default: none)
---@field timeout? number seconds (default: the machine's `timeout`)
---@field env? table<string, string|integer> variables beside those of the guest's init
---@field cwd? string (default "/")
---@field on_stdout? fun(bytes: string) called with output as it comes
---@field on_stderr? fun(bytes: string) as `on_stdout`
---@field interval? number seconds between two tries of `wait_until_succeeds` (default 0.2)

---@class qsh.machine.CopyToOptions
---@field mode? string octal digits; the host file's where left out
---@field timeout? number seconds (default: the machine's `timeout`)

---@class qsh.machine.CopyFromOptions
---@field timeout? number seconds (default: the machine's `timeout`)

---@class qsh.CommandResult
---@field code? integer exit code; nil where a signal ended it
---@field signal? integer the number of the signal that ended it
---@field stdout string byte by byte
---@field stderr string byte by byte

--- Waits for the machine's end; one that is not well is an error.
---@param options? qsh.machine.WaitOptions
---@return string # the verdict
function machine:wait(options) end

--- As `wait`, but returns `nil, err` where it would raise.
---@param options? qsh.machine.WaitOptions
---@return string?, qsh.error?
function machine:try_wait(options) end

--- Asks the guest, then the power button, then QMP, then SIGTERM, then SIGKILL.
---@param options? qsh.machine.WaitOptions the guest's share of the time (default 10)
---@return string # the verdict
function machine:shutdown(options) end

--- As `shutdown`, but returns `nil, err` where it would raise.
---@param options? qsh.machine.WaitOptions
---@return string?, qsh.error?
function machine:try_shutdown(options) end

--- Ends it at once, as a power cut does.
function machine:kill() end

--- Does not print the console as it comes any more; `false` prints it again.
---@param on? boolean (default true)
function machine:quiet(on) end

--- Runs a command in the guest: a text for its shell, or a list of words.
---@param command string|string[]
---@param options? qsh.machine.ExecuteOptions
---@return qsh.CommandResult
function machine:execute(command, options) end

--- As `execute`, but returns `nil, err` where it would raise.
---@param command string|string[]
---@param options? qsh.machine.ExecuteOptions
---@return qsh.CommandResult?, qsh.error?
function machine:try_execute(command, options) end

--- As `execute`; a status other than 0 is an error.
---@param command string|string[]
---@param options? qsh.machine.ExecuteOptions
---@return qsh.CommandResult
function machine:succeed(command, options) end

--- As `succeed`, but returns `nil, err` where it would raise.
---@param command string|string[]
---@param options? qsh.machine.ExecuteOptions
---@return qsh.CommandResult?, qsh.error?
function machine:try_succeed(command, options) end

--- As `execute`; status 0 is an error.
---@param command string|string[]
---@param options? qsh.machine.ExecuteOptions
---@return qsh.CommandResult
function machine:fail(command, options) end

--- As `fail`, but returns `nil, err` where it would raise.
---@param command string|string[]
---@param options? qsh.machine.ExecuteOptions
---@return qsh.CommandResult?, qsh.error?
function machine:try_fail(command, options) end

--- Runs a command again and again until its status is 0.
---@param command string|string[]
---@param options? qsh.machine.ExecuteOptions
---@return qsh.CommandResult
function machine:wait_until_succeeds(command, options) end

--- As `wait_until_succeeds`, but returns `nil, err` where it would raise.
---@param command string|string[]
---@param options? qsh.machine.ExecuteOptions
---@return qsh.CommandResult?, qsh.error?
function machine:try_wait_until_succeeds(command, options) end

--- Copies a file or a folder into the guest, byte by byte.
---@param host_path string
---@param guest_path string
---@param options? qsh.machine.CopyToOptions
function machine:copy_to(host_path, guest_path, options) end

--- As `copy_to`, but returns `nil, err` where it would raise.
---@param host_path string
---@param guest_path string
---@param options? qsh.machine.CopyToOptions
---@return nil, qsh.error?
function machine:try_copy_to(host_path, guest_path, options) end

--- Copies a file or a folder out of the guest, byte by byte.
---@param guest_path string
---@param host_path string
---@param options? qsh.machine.CopyFromOptions
function machine:copy_from(guest_path, host_path, options) end

--- As `copy_from`, but returns `nil, err` where it would raise.
---@param guest_path string
---@param host_path string
---@param options? qsh.machine.CopyFromOptions
---@return nil, qsh.error?
function machine:try_copy_from(guest_path, host_path, options) end

--- A machine's serial console.
---@class qsh.console
---@field transcript? string path of the whole console so far
---@field last_lines string[] the newest lines
---@field unmatched string what no `expect` has taken yet
---@field dmesg qsh.KernelLine[] kernel messages so far
local console = {}

---@class qsh.console.ExpectOptions
---@field pattern? boolean the texts are Lua patterns
---@field timeout? number seconds (default: the machine's `timeout`)
---@field silence? number ends the wait when nothing is printed for so long
---@field bytes? integer|string ends the wait when so much came without a match
---@field resend? integer how often the last line is typed again where only its echo came back

---@class qsh.console.ExpectResult
---@field before string what came before the match, without the kernel's lines
---@field match string what matched
---@field after string what had come behind it already
---@field captures (string|integer)[] of a Lua pattern
---@field index integer which alternative, counted from 1
---@field elapsed number seconds that the wait took

---@class qsh.console.SendOptions
---@field pace? number time between two characters
---@field echo? boolean each piece must have come back before the next one is typed

---@class qsh.console.SettleOptions
---@field timeout? number seconds (default: the machine's `timeout`)

---@class qsh.console.InteractOptions
---@field escape? string|false a key like "^A" (default "^]"), or false for none

--- Waits until the console shows a text; kernel messages in the middle of it do not matter.
---@param text string|string[] a text, or a list of alternatives
---@param options? qsh.console.ExpectOptions
---@return qsh.console.ExpectResult
function console:expect(text, options) end

--- As `expect`, but returns `nil, err` where it would raise.
---@param text string|string[]
---@param options? qsh.console.ExpectOptions
---@return qsh.console.ExpectResult?, qsh.error?
function console:try_expect(text, options) end

--- Types bytes as they are.
---@param text string
---@param options? qsh.console.SendOptions
function console:send(text, options) end

--- Types a line.
---@param text? string
---@param options? qsh.console.SendOptions
function console:sendline(text, options) end

--- Types Ctrl with a key: a letter or one of `@[\]^_?`.
---@param key string
function console:sendcontrol(key) end

--- Waits until nothing was printed for so long.
---@param seconds? number (default 1)
---@param options? qsh.console.SettleOptions
function console:settle(seconds, options) end

--- As `settle`, but returns `nil, err` where it would raise.
---@param seconds? number
---@param options? qsh.console.SettleOptions
---@return nil, qsh.error?
function console:try_settle(seconds, options) end

--- Hands the console to the user's terminal.
---@param options? qsh.console.InteractOptions
---@return "left"|"machine-ended"|"input-closed"
function console:interact(options) end
