-- Boots a machine of each architecture this host can boot, several at once, and prints a table.
--
-- In each guest a command is run, a file goes in and out, and a disk is read where there is one.
-- What cannot be had here is skipped, with its reason. The exit code is that of the worst.
local options = require("options").parse({
  summary = "Boots every architecture that this host can boot and prints a table.",
  { name = "arch", value = "NAMES", help = "only these, with commas between" },
  { name = "require", value = "NAMES", help = "these may not be skipped" },
  { name = "jobs", value = "N", help = "machines at once (default: the host's processors)" },
  { name = "command", value = "COMMAND", help = "run in each guest (default: uname -m)" },
  { name = "panic", help = "let each guest panic at its end: that has to be its verdict" },
  { name = "timeout", value = "SECONDS", help = "limit of each wait (default: 300)" },
}, arg)

local function set(names)
  local found = {}
  for name in (names or ""):gmatch("[^,]+") do found[name] = true end
  return found
end

local wanted, required = set(options.arch), set(options.require)
local rows, names, results = {}, {}, {}
for _, row in ipairs(qsh.arch.list()) do
  names[#names + 1] = row.name
  if not options.arch or wanted[row.name] then rows[#rows + 1] = row end
end
for _, given in ipairs { wanted, required } do
  for name in pairs(given) do
    if not (" " .. table.concat(names, " ") .. " "):find(" " .. name .. " ", 1, true) then
      local near = qsh.nearest(name, names)
      io.stderr:write(("error: %s: no architecture `%s`; %s\n"):format(arg[0], name,
        near and ("did you mean `%s`?"):format(near) or "there are " .. table.concat(names, " ")))
      os.exit(2, true)
    end
  end
end

local BUS_MODULE = { pci = "virtio_pci", mmio = "virtio_mmio" }
local MARK = "qsh matrix\n"

--- What a machine of `row` is made of.
local function fetch(row)
  local kernel = qsh.kernel.find { arch = row.name }
  local root = qsh.initramfs.new { busybox = true, arch = row.name }
  local bus = BUS_MODULE[row.virtio]
  if bus then root:modules(kernel, bus) end
  if row.virtio then root:modules(kernel, "virtio_blk") end
  return { kernel = kernel, root = root }
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

--- Boots one machine; returns what the table says of it.
local function boot(row, parts)
  local image, copy = os.tmpname(), os.tmpname()
  local files <close> = setmetatable({ image, copy }, { __close = function(paths)
    for _, path in ipairs(paths) do os.remove(path) end
  end })
  write(files[1], MARK .. ("\0"):rep(65536 - #MARK))
  local started = qsh.now()
  local machine <close> = qsh.machine.boot {
    name = row.name, kernel = parts.kernel, initramfs = parts.root,
    drive = { file = image, format = "raw" }, timeout = tonumber(options.timeout or 300),
  }
  machine.console:expect("[rootfs ]#")
  local result = { kernel = parts.kernel.release, seconds = qsh.now() - started }
  local said = machine:succeed(options.command or "uname -m").stdout
  local disk = row.virtio and "/dev/vda" or "/dev/ubda"
  assert(machine:succeed("head -n 1 " .. disk).stdout == MARK, "the disk reads otherwise")
  result.note = said:match("^[^\n]*") .. ", disk"
  if row.agent then
    machine:copy_to(image, "/tmp/image")
    machine:copy_from("/tmp/image", copy)
    assert(read(copy) == read(image), "the file came back otherwise")
    result.note = result.note .. ", files"
  else
    result.note = result.note .. ", over the console"
  end
  if options.panic then
    machine.console:sendline("echo c > /proc/sysrq-trigger")
    local _, err = machine:try_wait()
    if not err then error("the guest did not panic", 0) end
    if err.kind ~= "panic" then error(err) end
    result.verdict = "panic, as asked"
  else
    result.verdict = machine:shutdown()
  end
  return result
end

local function kind_of(err)
  return type(err) ~= "string" and err.kind or "recipe-failed"
end

local function run(row)
  local why = qsh.arch.obstacle(row.name)
  if why and not required[row.name] then return { verdict = "skipped", note = why } end
  local fetched, parts = pcall(fetch, row)
  -- What cannot be had here is no fault of the architecture.
  if not fetched and kind_of(parts) == "qemu-did-not-start" and not required[row.name] then
    return { verdict = "skipped", note = tostring(parts) }
  end
  local done, result = fetched, parts
  if fetched then done, result = pcall(boot, row, parts) end
  if done then return result end
  return {
    verdict = kind_of(result), kernel = fetched and parts.kernel.release,
    note = tostring(result), failure = result,
  }
end

local nextRow = 0
local function worker()
  while nextRow < #rows do
    nextRow = nextRow + 1
    local row = rows[nextRow]
    results[row.name] = run(row)
  end
end

local jobs = tonumber(options.jobs) or tonumber(qsh.proc.run({ "nproc" }).stdout)
local workers = {}
for index = 1, math.max(1, math.min(jobs, #rows)) do workers[index] = worker end
qsh.task.all(workers)

local counts = { booted = 0, failed = 0, skipped = 0 }
local RANK = { "recipe-failed", "usage", "qemu-did-not-start", "qemu-died", "timeout", "hung",
  "no-output", "oops", "panic" }
for rank, kind in ipairs(RANK) do RANK[kind] = rank end
local worst, worstRank = nil, 0

print(("%-10s %-18s %9s  %-26s %s"):format("arch", "verdict", "prompt", "kernel", "note"))
for _, row in ipairs(rows) do
  local result = results[row.name]
  local seconds = result.seconds and ("%.1f s"):format(result.seconds) or "-"
  print(("%-10s %-18s %9s  %-26s %s"):format(row.name, result.verdict, seconds,
    result.kernel or "-", result.note))
  local how = result.failure and "failed" or result.verdict == "skipped" and "skipped" or "booted"
  counts[how] = counts[how] + 1
  local rank = result.failure and (RANK[result.verdict] or #RANK) or 0
  if rank > worstRank then worst, worstRank = result, rank end
end
print(("%d booted, %d failed, %d skipped"):format(counts.booted, counts.failed, counts.skipped))
if worst then error(worst.failure, 0) end
