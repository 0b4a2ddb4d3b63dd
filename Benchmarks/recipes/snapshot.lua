-- Snapshots of a guest of 512 MB under TCG beside its cold boot; `Benchmarks/run.sh` prints it.
local options = {
  kernel = qsh.kernel.find(), initramfs = qsh.initramfs.new { busybox = true },
  memory = "512M", accel = "tcg",
}

local function timed(body)
  local start = qsh.now()
  local value = body()
  return qsh.now() - start, value
end

local function median(times)
  table.sort(times)
  return times[#times // 2 + 1]
end

local function answers(machine) machine:succeed({ "true" }) end

local boots, machine = {}, nil
for index = 1, 5 do
  if machine then machine:kill() end
  boots[index], machine = timed(function()
    local booted = qsh.machine.boot(options)
    answers(booted)
    return booted
  end)
end

local takes, restores, base = {}, {}, nil
for index = 1, 9 do
  if base then base:release() end
  takes[index], base = timed(function() return machine:snapshot() end)
end
for index = 1, 9 do
  local clone
  restores[index], clone = timed(function()
    local restored = base:restore()
    answers(restored)
    return restored
  end)
  clone:kill()
end
local boot, restore = median(boots), median(restores)
print(("cold boot to an answered command: median %.0f ms"):format(boot * 1e3))
print(("taking a snapshot: median %.0f ms (target 100)"):format(median(takes) * 1e3))
print(("restore to an answered command: median %.0f ms (target 200)"):format(restore * 1e3))
print(("a cold boot takes %.1f times as long (target 8)"):format(boot / restore))

-- What a process maps, and its share of it where several map the same.
local function kilobytes(process, name)
  for line in io.lines("/proc/" .. process .. "/smaps_rollup") do
    local count = line:match("^" .. name .. ":%s+(%d+)")
    if count then return tonumber(count) end
  end
end
local clones, shares = {}, 0
for index = 1, 10 do
  clones[index] = base:restore()
  answers(clones[index])
end
for _, clone in ipairs(clones) do shares = shares + kilobytes(clone.pid, "Pss") end
local one = kilobytes(clones[1].pid, "Rss")
print(("ten clones at once: %.0f MB, one by itself %.0f MB: %.1f of it")
  :format(shares / 1024, one / 1024, shares / one))
for _, clone in ipairs(clones) do clone:kill() end
machine:kill()
