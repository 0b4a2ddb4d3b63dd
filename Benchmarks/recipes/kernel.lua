-- One side of the pairs of Benchmarks/kernel.sh: `prepare WORK`, then `null`, `full`, `configure`.
local what, work = arg[1], arg[2]
local tree = qsh.kernel.open { debian = "linux-source" }

local function write(name, text)
  local file <close> = assert(io.open(work .. "/" .. name, "w"))
  file:write(text)
end

-- Fifty symbols that all survive, so that neither side has anything to explain.
local function fifty()
  local base = tree:configure { base = "defconfig", out = work .. "/configured" }
  local lines = {}
  for line in base.text:gmatch("CONFIG_[%w_]+=y\n") do lines[#lines + 1] = line end
  local step = #lines // 50
  local chosen = {}
  for index = 1, 50 do chosen[index] = lines[index * step] end
  return base.text, table.concat(chosen)
end

if what == "prepare" then
  local base, fragment = fifty()
  write("base", base)
  write("fragment", fragment)
  local config = tree:configure {
    base = "tinyconfig", fragments = { "tiny" }, out = work .. "/small",
  }
  write("facts", ("tree=%s\nconfig=%s\n"):format(tree.folder, config.path))
elseif what == "null" then
  assert(tree:build { out = work .. "/made" }.cached, "it is not in the cache")
elseif what == "full" then
  os.execute(("rm -rf '%s/full'; mkdir '%s/full'; cp '%s' '%s/full/.config'"):format(
    work, work, arg[3], work))
  tree:build { out = work .. "/full", cache = false }
elseif what == "configure" then
  tree:configure {
    base = work .. "/base", fragments = { work .. "/fragment" }, out = work .. "/configured",
  }
end
