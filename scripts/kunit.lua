-- KUnit: boots a kernel that tests itself, and shows what came out (KTAP,
-- Documentation/dev-tools/ktap.rst).
local smallkernel = require("smallkernel")
local options = require("options").parse(smallkernel.extend {
  summary = "Builds a kernel with KUnit, boots it and shows the results.",
  { name = "filter", value = "GLOB", help = "only these suites" },
}, arg)

local kernel = smallkernel.build(options)
local append = { "kunit.enable=1" }
if options.filter then append[#append + 1] = "kunit.filter_glob=" .. options.filter end

local machine <close> = qsh.machine.boot {
  kernel = kernel,
  initramfs = qsh.initramfs.new { busybox = true, arch = kernel.arch },
  append = append,
}
machine.console:expect("[rootfs ]#")

local count = { ok = 0, ["not ok"] = 0, skip = 0 }
for _, line in ipairs(machine.dmesg) do
  local indent, result, rest = line.text:match("^( *)(n?o?t? ?ok) %d+ ?%-? ?(.*)$")
  if result == "ok" or result == "not ok" then
    local skipped = rest:find("# SKIP", 1, true)
    -- A suite's own line says what its cases' lines have said.
    if #indent > 0 then
      local kind = skipped and "skip" or result
      count[kind] = count[kind] + 1
    end
    local word = skipped and "skip" or result == "ok" and "ok" or "FAIL"
    print(("%s%-6s %s"):format(indent, word, rest))
  end
end
machine:shutdown()
print(("%d passed, %d failed, %d skipped"):format(count.ok, count["not ok"], count.skip))
if count.ok + count["not ok"] == 0 then
  error("no KUnit results in the kernel's log: is CONFIG_KUNIT there, and any test?", 0)
end
os.exit(count["not ok"] == 0 and 0 or 1, true)
