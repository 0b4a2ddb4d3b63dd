---@meta
-- luacheck: ignore

---@class qsh.TriageOptions
---@field vmlinux? string the uncompressed kernel of that build, for source lines

--- One line by which a kernel reports trouble.
---@class qsh.CrashEvent
---@field line integer of the log, counted from 1
---@field kind string `panic`, `oops`, `bug`, `warning`, `hung-task`, …
---@field severity "note"|"warn"|"bug"|"oops"|"fatal" "oops" and "fatal" are a crash
---@field detail string the kernel's words

--- What follows from one accident.
---@class qsh.CrashReport
---@field events qsh.CrashEvent[] its lines that name something, in their order
---@field lines string[] the kernel's lines, whole
---@field expected boolean the machine's `expected` names it
---@field hint? string one action

--- The events of a log, in its order.
---@class qsh.Triage: qsh.CrashEvent[]
---@field crashed boolean there is a panic or an oops
---@field reports qsh.CrashReport[] the events by accident

--- Reads a recorded console, or another log of a kernel.
---@param path string
---@param options? qsh.TriageOptions
---@return qsh.Triage
function qsh.triage(path, options) end

--- As `triage`, but returns `nil, err` where it would raise.
---@param path string
---@param options? qsh.TriageOptions
---@return qsh.Triage?, qsh.error?
function qsh.try_triage(path, options) end
