---@meta
-- The part of the API that is about the prompt; see qsh.lua beside this file.
-- luacheck: ignore

--- A breakpoint: opens a prompt with the local variables of the caller in sight. Reading and
--- setting them works as in the recipe; Ctrl-D goes on, `os.exit()` ends the recipe. Machines and
--- other tasks run on meanwhile. Without a terminal, statements are read from standard input.
function qsh.repl() end
