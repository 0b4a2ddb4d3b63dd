-- What a failed step means to `git bisect run`: 0 good, 1 to 127 bad, 125 skip, above: stop.
local verdict = {}

local codes = {
  ["recipe-failed"] = 1, panic = 3, oops = 3,
  timeout = 124, hung = 124, ["no-output"] = 124,
  ["build-failed"] = 125, ["config-unmet"] = 125,
}

--- @param ok boolean what `pcall` said first
--- @param err any and second
--- @return integer # 128 where it says nothing about the commit: no QEMU, wrong options, Ctrl-C
function verdict.code(ok, err)
  if ok then return 0 end
  -- An error of Lua's own, an assertion among them, has no kind.
  local kind = type(err) == "userdata" and err.kind or "recipe-failed"
  return codes[kind] or 128
end

--- @param code integer
--- @return "good"|"bad"|"skip"|nil # nil: the bisection cannot go on
function verdict.word(code)
  if code == 0 then return "good" end
  if code == 125 then return "skip" end
  return code < 128 and "bad" or nil
end

return verdict
