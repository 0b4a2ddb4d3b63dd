-- Finds the commit that broke a kernel: `git bisect`, driven by what a recipe says of each step.
--
-- The test is a Lua file that returns a function; it gets the source tree of a step and the folder
-- to build in. It returns where the commit is good and raises where it is not; a build that fails
-- skips the commit. The repository's own checkout stays as it is.
local options = require("options").parse({
  summary = "Finds the first bad commit of a kernel's repository.",
  { name = "repo", value = "DIR", help = "the git repository (default: .)" },
  { name = "good", value = "REV", help = "a commit that works" },
  { name = "bad", value = "REV", help = "one that does not (default: HEAD)" },
  { name = "test", value = "FILE", help = "returns function(tree, out)" },
}, arg)
local verdict = require("verdict")

for _, name in ipairs { "good", "test" } do
  if not options[name] then
    io.stderr:write(("error: %s: option `--%s` is needed; see --help\n"):format(arg[0], name))
    os.exit(2, true)
  end
end
local test = assert(dofile(options.test), "the test file returns no function")

local function git(folder, ...)
  local result = qsh.proc.run({ "git", "-C", folder, ... }, { timeout = 1800 })
  return (result.stdout:gsub("%s+$", ""))
end

local repo = options.repo or "."
local scratch = (qsh.proc.run { "mktemp", "-d" }).stdout:gsub("%s+$", "")
local folder, out = scratch .. "/tree", scratch .. "/out"
local _ <close> = setmetatable({}, { __close = function()
  qsh.proc.try_run { "git", "-C", repo, "worktree", "remove", "--force", folder }
  qsh.proc.try_run { "rm", "-rf", scratch }
end })

git(repo, "worktree", "add", "--quiet", "--detach", folder, options.bad or "HEAD")
local said = git(folder, "bisect", "start", options.bad or "HEAD", options.good)
while not said:find("is the first bad commit", 1, true) do
  local commit = git(folder, "log", "-1", "--format=%h %s")
  local ok, err = pcall(function() return test(qsh.kernel.open(folder), out) end)
  local code = verdict.code(ok, err)
  local word = verdict.word(code)
  local why = ok and "" or ": " .. tostring(err)
  print(("%s: %s (%d)%s"):format(commit, word or "stopped", code, why))
  if not word then error(err, 0) end
  local result = qsh.proc.try_run { "git", "-C", folder, "bisect", word }
  said = result.stdout
  if result.code ~= 0 then
    -- Only skipped commits are left: git names them.
    io.stdout:write(said)
    os.exit(125, true)
  end
end
print(said:match("^(%x+) is the first bad commit") .. " is the first bad commit")
