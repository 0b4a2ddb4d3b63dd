-- A small kernel from source: tinyconfig and what qsh's own root and agent need.
local smallkernel = {}

--- The options that every recipe of this kind has.
smallkernel.options = {
  { name = "source", value = "PATH", help = "a source tree or a tarball" },
  { name = "debian", value = "NAME", help = 'Debian\'s package (default: "linux-source")' },
  { name = "suite", value = "NAME", help = "Debian's suite (default: the host's)" },
  { name = "git", value = "DIR", help = "a git repository" },
  { name = "rev", value = "REV", help = "its revision (default: HEAD)" },
  { name = "config", value = "FILE", help = "a fragment on top of the small configuration" },
  { name = "arch", value = "NAME", help = "x86_64 or arm64 (default: x86_64)" },
  { name = "toolchain", value = "NAME", help = "gcc or llvm (default: gcc)" },
  { name = "jobs", value = "N", help = "processes at once (default: one a processor)" },
  { name = "out", value = "DIR", help = "where make works (default: in the cache)" },
}

local function open(options)
  if options.source then return qsh.kernel.open(options.source) end
  if options.git then return qsh.kernel.open { git = options.git, rev = options.rev } end
  return qsh.kernel.open { debian = options.debian or "linux-source", suite = options.suite }
end

-- By their stamps the kernel's messages are told apart from a program's; with its configuration in
-- it, what a recipe requires is checked before a boot.
local always = { PRINTK_TIME = true, IKCONFIG = true }

-- What each architecture needs beside that. On x86_64, modules and KUnit cost 60 KB, and one
-- kernel does for all recipes.
local needs = {
  x86_64 = {
    fragments = { "tiny", "guest" },
    set = {
      MODULES = true, MODULE_UNLOAD = true,
      KUNIT = true, KUNIT_EXAMPLE_TEST = true, KUNIT_DEFAULT_ENABLED = false,
    },
  },
  arm64 = { fragments = { "arm64" }, set = {} },
}

--- Opens, configures and builds.
--- @param options table what `require("options").parse` returned for `smallkernel.options`
--- @return qsh.kernel.built
function smallkernel.build(options)
  local arch = options.arch or "x86_64"
  local need = needs[arch]
  if not need then
    error(("architecture `%s`: the small kernels are for x86_64 and arm64"):format(arch), 0)
  end
  local set = {}
  for _, symbols in ipairs { always, need.set } do
    for name, value in pairs(symbols) do set[name] = value end
  end
  local fragments = { table.unpack(need.fragments) }
  fragments[#fragments + 1] = options.config
  local tree = open(options)
  tree:configure {
    base = "tinyconfig",
    arch = arch,
    fragments = fragments,
    set = set,
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
