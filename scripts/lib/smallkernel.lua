-- A small kernel from source: tinyconfig and what qsh's own root and agent need.
local smallkernel = {}

--- The options that every recipe of this kind has.
smallkernel.options = {
  { name = "source", value = "PATH", help = "a source tree or a tarball" },
  { name = "debian", value = "NAME", help = 'Debian\'s package (default: "linux-source")' },
  { name = "git", value = "DIR", help = "a git repository" },
  { name = "rev", value = "REV", help = "its revision (default: HEAD)" },
  { name = "config", value = "FILE", help = "a fragment on top of the small configuration" },
  { name = "toolchain", value = "NAME", help = "gcc or llvm (default: gcc)" },
  { name = "jobs", value = "N", help = "processes at once (default: one a processor)" },
  { name = "out", value = "DIR", help = "where make works (default: in the cache)" },
}

local function open(options)
  if options.source then return qsh.kernel.open(options.source) end
  if options.git then return qsh.kernel.open { git = options.git, rev = options.rev } end
  return qsh.kernel.open { debian = options.debian or "linux-source" }
end

--- Opens, configures and builds.
--- @param options table what `require("options").parse` returned for `smallkernel.options`
--- @return qsh.kernel.built
function smallkernel.build(options)
  local folder = arg[0]:match("^(.*)/") or "."
  local fragments = { folder .. "/config/tiny.config", folder .. "/config/guest.config" }
  fragments[3] = options.config
  local tree = open(options)
  tree:configure {
    base = "tinyconfig",
    fragments = fragments,
    -- By their stamps the kernel's messages are told apart from a program's.
    -- Modules and KUnit cost 60 KB, and one kernel does for all recipes.
    set = {
      PRINTK_TIME = true, MODULES = true, MODULE_UNLOAD = true,
      KUNIT = true, KUNIT_EXAMPLE_TEST = true, KUNIT_DEFAULT_ENABLED = false,
    },
    toolchain = options.toolchain,
    out = options.out,
  }
  return tree:build { jobs = options.jobs and tonumber(options.jobs) }
end

--- Adds the options of `smallkernel` behind a recipe's own.
--- @param spec table
--- @return table # `spec`
function smallkernel.extend(spec)
  for _, option in ipairs(smallkernel.options) do spec[#spec + 1] = option end
  return spec
end

return smallkernel
