-- Commands and files over the command channel of one machine; `Benchmarks/run.sh` prints it.
local machine <close> = qsh.machine.boot {
  kernel = qsh.kernel.find(),
  initramfs = qsh.initramfs.new { busybox = true },
  memory = "1G",
}
machine.console:expect("[rootfs ]#")
local own = "/proc/self/stat"

local function cpu()
  local file = assert(io.open(own))
  local text = file:read("a")
  file:close()
  local user, system = text:match("%) %S+" .. (" %S+"):rep(10) .. " (%d+) (%d+)")
  return (user + system) / 100
end

local function median(count, body)
  local times = {}
  for index = 1, count do
    local start = qsh.now()
    body()
    times[index] = qsh.now() - start
  end
  table.sort(times)
  return times[count // 2 + 1], times[1]
end

local function command(name, what)
  local middle, least = median(200, function() machine:succeed(what) end)
  print(("%s: median %.1f ms, least %.1f ms (target 6)"):format(name, middle * 1e3, least * 1e3))
end
command('execute { "true" }', { "true" })
command('execute("true")', "true")

local size = 100
machine:succeed("dd if=/dev/urandom of=/tmp/random bs=1M count=" .. size .. " 2>/dev/null")
local function transfer(name, body)
  local before = cpu()
  local middle, least = median(5, body)
  print(("%s: median %.0f MB/s, best %.0f MB/s, %.2f s of CPU time in qsh each (target 80 MB/s)")
    :format(name, size / middle, size / least, (cpu() - before) / 5))
end
local target = os.tmpname()
transfer("copy_from", function() machine:copy_from("/tmp/random", target) end)
-- Before the file goes: back into the guest, where they are compared.
do
  local middle, least = median(5, function() machine:copy_to(target, "/tmp/back") end)
  machine:succeed("cmp /tmp/random /tmp/back && rm /tmp/back")
  print(("copy_to: median %.0f MB/s, best %.0f MB/s (target 25 MB/s)")
    :format(size / middle, size / least))
end
os.remove(target)
transfer("execute, stdout", function()
  assert(#machine:succeed({ "cat", "/tmp/random" }).stdout == size << 20)
  collectgarbage()
end)

local before = cpu()
qsh.task.sleep(5)
print(("idle with a waiting machine: %.2f s of CPU time in 5 s (target 0)"):format(cpu() - before))
