-- What a call, and a raised and caught error, cost: run with qsh and with plain lua5.4.
-- Prints nanoseconds of CPU time for each, less an empty loop's.
local primitive = qsh and qsh.now or coroutine.isyieldable
local raising = qsh and function() qsh.nearest(1) end or function() error("x") end
local rounds = 2000000

local function cost(body, count)
  local start = os.clock()
  body(count)
  return (os.clock() - start) / count * 1e9
end

local function best(body, count)
  local least = math.huge
  for _ = 1, 5 do least = math.min(least, cost(body, count)) end
  return least
end

local empty = best(function(n) for _ = 1, n do end end, rounds)
local call = best(function(n) for _ = 1, n do primitive() end end, rounds) - empty
local caught = best(function(n) for _ = 1, n do pcall(raising) end end, rounds // 20) - empty
print(("call %.1f ns, raised and caught %.0f ns"):format(call, caught))
