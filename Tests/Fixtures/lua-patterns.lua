-- Makes lua-patterns.tsv: subject, pattern, and what string.find says, from random cases.
-- Run with: lua5.4 lua-patterns.lua > lua-patterns.tsv
-- Only well-formed patterns: Lua reports a malformed one only when matching gets that far.
math.randomseed(54)
local singles = { "a", "b", ".", "%a", "%d", "%s", "%w", "%A", "[ab]", "[^a]", "[a-c1]", "%.",
  "[]x]", "[^%s-]", "x", "1", "]", "^", "$", "-", "%-", "[%w_]" }
local repetitions = { "", "", "", "*", "+", "-", "?" }
local letters = { "a", "b", "a", "b", "c", "1", "2", " ", "(", ")", "x", ".", "]", "^", "$", "-" }

local function pattern()
  local parts, open, closed, count = {}, {}, {}, 0
  if math.random(8) == 1 then parts[1] = "^" end
  for _ = 1, math.random(1, 6) do
    local choice = math.random(12)
    if choice == 1 and count < 9 then
      count = count + 1
      open[#open + 1] = count
      parts[#parts + 1] = "("
    elseif choice == 2 and #open > 0 then
      closed[#closed + 1] = table.remove(open)
      -- An empty pair would be a position capture.
      if parts[#parts] == "(" then parts[#parts + 1] = "." end
      parts[#parts + 1] = ")"
    elseif choice == 3 and count < 9 then
      count = count + 1
      parts[#parts + 1] = "()"
    elseif choice == 4 and #closed > 0 then
      parts[#parts + 1] = "%" .. closed[math.random(#closed)]
    elseif choice == 5 then
      parts[#parts + 1] = ({ "%b()", "%baa", "%f[%w]", "%f[^%w]", "%f[ab]" })[math.random(5)]
    else
      parts[#parts + 1] = singles[math.random(#singles)] .. repetitions[math.random(#repetitions)]
    end
  end
  for _ = 1, #open do
    if parts[#parts] == "(" then parts[#parts + 1] = "a" end
    parts[#parts + 1] = ")"
  end
  if math.random(6) == 1 then parts[#parts + 1] = "$" end
  return table.concat(parts)
end

print("# subject, pattern, string.find in lua5.4 (position, end, captures; nil)")
for _ = 1, 3000 do
  local subject = {}
  for i = 1, math.random(1, 14) do subject[i] = letters[math.random(#letters)] end
  subject = table.concat(subject)
  local made = pattern()
  local found = table.pack(string.find(subject, made))
  local answer = {}
  for i = 1, math.max(found.n, 1) do answer[i] = tostring(found[i]) end
  print(subject .. "\t" .. made .. "\t" .. table.concat(answer, "|"))
end
