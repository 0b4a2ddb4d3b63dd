---@meta
-- The part of the API that is about architectures; see qsh.lua beside this file.
-- luacheck: ignore

--- The table of architectures.
---@class qsh.archmodule
qsh.arch = {}

---@class qsh.arch.Row
---@field name string what `arch` options take
---@field kernel string the kernel's `ARCH=`
---@field qemu? string name of QEMU's program
---@field machine? string QEMU's -machine
---@field cpu? string QEMU's -cpu where the host's processor cannot be used
---@field console string device of the first serial port in the guest
---@field virtio? "pci"|"mmio"|"ccw" how virtio devices are plugged in
---@field debian string Debian's name
---@field cross_compile? string `CROSS_COMPILE=` of Debian's cross compiler
---@field agent boolean whether qsh has a guest agent for it

--- All of them, in the order of the documents; `um`, which needs no QEMU, is the last.
---@return qsh.arch.Row[]
function qsh.arch.list() end

--- Why this host cannot boot machines of an architecture, and what helps; nothing where it can.
---@param name string
---@return string? why, string? hint
function qsh.arch.obstacle(name) end
