extension InteractiveLua {
    /// Breakpoints: the local variables of a stack, seen by the inputs.
    static let stacks = #"""
        -- The local variables of a stack, those of inner functions first; `frozen` keeps their
        -- values, for a stack that is about to go.
        local function collect(thread, first, frozen)
            local found, innermost, place_text = {}, {}, nil
            local level = first
            while true do
                local info
                if thread then info = getinfo(thread, level, "Slfu")
                else info = getinfo(level, "Slfu") end
                if not info then break end
                if info.what ~= "C" and info.source ~= "=[qsh]" then
                    local here, order, index = {}, {}, 1
                    while true do
                        local name, value
                        if thread then name, value = getlocal(thread, level, index)
                        else name, value = getlocal(level, index) end
                        if not name then break end
                        if not find(name, "^%(") then
                            if not here[name] then order[#order + 1] = name end
                            here[name] = frozen and { value = { value } }
                                or { thread = thread, level = level, index = index }
                        end
                        index = index + 1
                    end
                    for number = 1, info.nups do
                        local name, value = getupvalue(info.func, number)
                        if name ~= "" and name ~= "_ENV" and not here[name] then
                            order[#order + 1] = name
                            here[name] = frozen and { value = { value } }
                                or { func = info.func, index = number }
                        end
                    end
                    if not place_text then
                        innermost = order
                        place_text = gsub(info.source, "^[@=]", "") .. ":" .. info.currentline
                    end
                    for name, place in next, here do found[name] = found[name] or place end
                end
                level = level + 1
            end
            return { places = found, order = innermost, location = place_text or "?" }
        end

        -- Makes what was collected visible to inputs; returns the place and a line of locals.
        local frozen
        local function look_at(thread)
            local stack = thread and collect(thread, 0) or frozen
            if not stack then return "", "" end
            places = stack.places
            sight = setmetatable({}, {
                __index = function(_, name)
                    if places and places[name] then return read(places[name]) end
                    return globals[name]
                end,
                __newindex = function(_, name, value)
                    local place = places and places[name]
                    if not place then globals[name] = value
                    elseif place.value then place.value[1] = value
                    elseif place.func then setupvalue(place.func, place.index, value)
                    else setlocal(place.thread, place.level, place.index, value) end
                end,
            })
            local parts = {}
            for _, name in next, stack.order do
                local text = gsub(shown(read(places[name]), DEPTH, { count = 0 }, ""), "%s+", " ")
                if #text > 60 then text = cut(text, 57) .. "…" end
                parts[#parts + 1] = name .. " = " .. text
            end
            return stack.location, concat(parts, "\n")
        end

        local function look_away() places, sight = nil, nil end

        -- The shim calls this with an error that leaves a task, on the stack that it leaves.
        local function freeze()
            local failed = globals.__qsh_failed
            globals.__qsh_failed = nil
            registry["qsh.failure"] = function(err)
                local kind = type(err) == "userdata" and field(err, "kind")
                if kind == "interrupted" or kind == "ok" then return end
                registry["qsh.failure"] = nil
                frozen = collect(nil, 2, true)
                failed(described(err))
            end
        end

        local function in_sight(chunk)
            if sight and getupvalue(chunk, 1) == "_ENV" then setupvalue(chunk, 1, sight) end
            return chunk
        end

        local function is_expression(text)
            return load("return " .. text, "=repl", "t") ~= nil and load(text, "=repl", "t") == nil
        end

        -- While a line is edited, output goes above it.
        function globals.print(...)
            if not take() then return print(...) end
            local values = pack(...)
            for index = 1, values.n do values[index] = tostring(values[index]) end
            take(concat(values, "\t") .. "\n")
        end

        function io.write(...)
            if not take() then return output(...) end
            take(concat({ ... }))
            return io.stdout
        end

        return results, is_incomplete, candidates, running, resolve, in_sight, is_expression,
            look_at, look_away, freeze

        """#
}
