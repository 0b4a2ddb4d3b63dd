-- load, loadfile, dofile and require for source text only. require is written in Lua, so that a
-- module's body may wait; Lua's own calls it from C, which cannot be suspended.
local folders = ...
local stock = { load = load } -- a field, so that error texts call it `load`
local type, select, error, ipairs, tostring = type, select, error, ipairs, tostring
local open = io.open

local function refusal(name)
  return name .. ": it is Lua bytecode, and only source text is run"
end

-- `...` is the environment, which counts where it is there, nil included.
local function load_text(chunk, name, ...)
  if type(chunk) == "string" and chunk:byte() == 27 then
    local shown = tostring(name or "chunk"):gsub("^[@=]", "")
    return nil, refusal(shown)
  end
  return stock.load(chunk, name, "t", ...)
end

function load(chunk, name, _mode, ...)
  if name == nil and type(chunk) == "string" then name = chunk end
  return load_text(chunk, name, ...)
end

local function read(path)
  local file <close>, why = open(path, "rb")
  if not file then return nil, why end
  local text, failure = file:read("a")
  if not text then return nil, path .. ": " .. tostring(failure) end
  if text:sub(1, 3) == "\xEF\xBB\xBF" then text = text:sub(4) end
  -- The line of an interpreter goes, its end stays: lines keep their numbers.
  if text:sub(1, 1) == "#" then text = text:gsub("^[^\n]*", "", 1) end
  return text
end

function loadfile(path, _mode, ...)
  if path == nil then return load_text(io.read("a"), "=stdin", ...) end
  local text, why = read(path)
  if not text then return nil, "cannot open " .. tostring(why) end
  return load_text(text, "@" .. path, ...)
end

function dofile(path)
  local chunk, why = loadfile(path)
  if not chunk then error(why, 0) end
  return chunk()
end

-- Folders are taken as they are: a `;` or `?` in one has no meaning.
local function find_beside(name)
  local relative = name:gsub("%.", "/")
  local tried = {}
  for _, folder in ipairs(folders) do
    for _, ending in ipairs { ".lua", "/init.lua" } do
      local path = folder .. "/" .. relative .. ending
      local file <close> = open(path, "rb")
      if file then return path end
      tried[#tried + 1] = "no file '" .. path .. "'"
    end
  end
  return nil, table.concat(tried, "\n\t")
end

local function search_text(name)
  local path, tried = find_beside(name)
  if not path then
    local found, elsewhere = package.searchpath(name, package.path)
    if not found then
      return tried == "" and elsewhere or tried .. "\n\t" .. elsewhere:gsub("^\n\t", "")
    end
    path = found
  end
  local text, why = read(path)
  local loader
  if text then loader, why = load_text(text, "@" .. path) end
  if not loader then
    error(("error loading module '%s' from file '%s':\n\t%s"):format(name, path, why), 0)
  end
  return loader, path
end
package.searchers[2] = search_text

local loaded = package.loaded
local loading = {}

local function find_loader(name)
  local tried = {}
  for _, searcher in ipairs(package.searchers) do
    local loader, data = searcher(name)
    if type(loader) == "function" then return loader, data end
    if type(loader) == "string" then tried[#tried + 1] = loader:gsub("^\n\t", "") end
  end
  error(("module '%s' not found:\n\t%s"):format(name, table.concat(tried, "\n\t")), 3)
end

local function finish(name, result)
  if result ~= nil then loaded[name] = result end
  if loaded[name] == nil then loaded[name] = true end
  return loaded[name]
end

function require(name)
  if type(name) ~= "string" then
    if type(name) ~= "number" then
      error(("bad argument #1 to 'require' (string expected, got %s)"):format(type(name)), 2)
    end
    name = tostring(name)
  end
  if loaded[name] ~= nil and loaded[name] ~= false then return loaded[name] end
  if loading[name] then
    error(("module '%s' is being loaded: it requires itself, or another task loads it")
      :format(name), 2)
  end
  local loader, data = find_loader(name)
  loading[name] = true
  local done <close> = setmetatable({}, { __close = function() loading[name] = nil end })
  return finish(name, (loader(name, data))), data
end
