-- Reads a recipe's own command line: `--name VALUE`, `--name=VALUE`, flags, and `--help`.
local options = {}

local function fail(text)
  io.stderr:write("error: ", arg[0], ": ", text, "\n")
  os.exit(2, true)
end

local function usage(spec)
  local lines = { "usage: qsh " .. arg[0] .. " [options]", "", spec.summary, "" }
  for _, option in ipairs(spec) do
    local left = "--" .. option.name .. (option.value and " " .. option.value or "")
    lines[#lines + 1] = ("  %-20s %s"):format(left, option.help)
  end
  return table.concat(lines, "\n")
end

local function find(spec, name)
  local names = {}
  for _, option in ipairs(spec) do
    if option.name == name then return option end
    names[#names + 1] = option.name
  end
  local nearest = qsh.nearest(name, names)
  fail(("unknown option `--%s`"):format(name)
    .. (nearest and ("; did you mean `--%s`?"):format(nearest) or "; see --help"))
end

--- Parses `words` (the global `arg`) against `spec`.
--- @param spec table `{ summary = "…", { name = "memory", value = "SIZE", help = "…" }, … }`;
---   an option without `value` is a flag
--- @param words string[]
--- @return table # option name to string, or to true for a flag
function options.parse(spec, words)
  local found, position = {}, 1
  while words[position] do
    local name, value = words[position]:match("^%-%-([%w-]+)=?(.*)$")
    if not name then fail(("unexpected argument `%s`; see --help"):format(words[position])) end
    if name == "help" then
      print(usage(spec))
      os.exit(0, true)
    end
    local option = find(spec, name)
    if not option.value then
      found[name] = true
    elseif words[position]:find("=", 1, true) then
      found[name] = value
    else
      position = position + 1
      found[name] = words[position]
        or fail(("option `--%s` needs a value: %s"):format(name, option.value))
    end
    position = position + 1
  end
  return found
end

return options
