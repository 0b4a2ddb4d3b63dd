/// The part of the REPL that is Lua, since it must look at tables by raw access, cycles included.
///
/// It takes what it needs when the session starts, so that a session that redefines `next` or
/// `print` changes nothing here. Metamethods do not run, but for `__tostring` of what is printed.
enum InteractiveLua {
    static let source = values + names + stacks

    private static let values = #"""
        local globals, load, type, next, select = _ENV, load, type, next, select
        local rawget, rawset, rawlen, tostring, pcall = rawget, rawset, rawlen, tostring, pcall
        local print, output, getinfo = print, io.write, debug.getinfo
        local metatable, registry, math_type = debug.getmetatable, debug.getregistry(), math.type
        local string, concat, sort, pack = string, table.concat, table.sort, table.pack
        local table_remove = table.remove
        local byte, find, format, gsub, match = string.byte, string.find, string.format,
            string.gsub, string.match
        local rep, sub, utf8_length = string.rep, string.sub, utf8.len
        local getlocal, setlocal = debug.getlocal, debug.setlocal
        local getupvalue, setupvalue, setmetatable =
            debug.getupvalue, debug.setupvalue, setmetatable
        local take = globals.__qsh_repl.take
        globals.__qsh_repl, package.loaded.__qsh_repl = nil, nil
        -- At a breakpoint: where each local variable in sight is, and what the inputs see.
        local places, sight

        local DEPTH, ITEMS, ALL_ITEMS, WIDTH = 4, 100, 2000, 76
        local QUOTED_BYTES, PLAIN_BYTES = 2000, 256 * 1024

        local keywords = {}
        for word in string.gmatch("and break do else elseif end false for function goto if in "
            .. "local nil not or repeat return then true until while", "%a+") do
            keywords[word] = true
        end

        local function cut(text, limit)
            if #text <= limit then return text, "" end
            while limit > 0 and (byte(text, limit + 1) & 0xC0) == 0x80 do limit = limit - 1 end
            return sub(text, 1, limit), format("… (%d bytes in all)", #text)
        end

        local letters = { ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ["\\"] = "\\\\",
            ['"'] = '\\"' }
        local function escaped(character)
            return letters[character]
                or gsub(character, ".", function(one) return format("\\x%02x", byte(one)) end)
        end

        local function quoted(text)
            local head, rest = cut(text, QUOTED_BYTES)
            head = gsub(head, '[%c"\\]', escaped)
            if utf8_length(head) then
                -- U+0080 to U+009F are control characters too.
                head = gsub(head, "\xC2[\x80-\x9F]", escaped)
            else
                head = gsub(head, "[\x80-\xFF]", escaped)
            end
            return '"' .. head .. '"' .. rest
        end

        local function described(value)
            local ok, text = pcall(tostring, value)
            return ok and text or "(tostring failed: " .. tostring(text) .. ")"
        end

        local function atom(value)
            local kind = type(value)
            if kind == "string" then return quoted(value) end
            if kind == "table" then return "{…}" end
            if kind ~= "function" then return described(value) end
            local info = getinfo(value, "S")
            if info.what == "C" or info.short_src == "[qsh]" then return "function" end
            return format("function (%s:%d)", info.short_src, info.linedefined)
        end

        local function key_text(key)
            if type(key) == "string" and find(key, "^[%a_][%w_]*$") and not keywords[key] then
                return key
            end
            return "[" .. atom(key) .. "]"
        end

        local rank = { number = 1, string = 2, boolean = 3 }
        local function comes_before(a, b)
            local left, right = type(a), type(b)
            if left ~= right then return (rank[left] or 4) < (rank[right] or 4) end
            if left == "number" or left == "string" then return a < b end
            return false
        end

        local function other_keys(value, length)
            local keys = {}
            for key in next, value do
                local in_sequence = math_type(key) == "integer" and key >= 1 and key <= length
                if not in_sequence then keys[#keys + 1] = key end
            end
            sort(keys, comes_before)
            return keys
        end

        local function laid_out(parts, indent)
            local width = #indent + 4
            for _, part in next, parts do
                width = width + #part + 2
                if find(part, "\n", 1, true) then width = WIDTH + 1 end
            end
            if width <= WIDTH then return "{ " .. concat(parts, ", ") .. " }" end
            local inner = "\n" .. indent .. "  "
            return "{" .. inner .. concat(parts, "," .. inner) .. "\n" .. indent .. "}"
        end

        -- What qsh.kernel.find gives: a line says more than the table.
        local function kernel_text(value)
            local image, release = rawget(value, "image"), rawget(value, "release")
            local arch, origin = rawget(value, "arch"), rawget(value, "origin")
            if type(image) ~= "string" or type(release) ~= "string" or type(arch) ~= "string"
                or type(origin) ~= "string" then return nil end
            return format("kernel %s (%s, %s): %s", release, arch, origin, image)
        end

        local shown

        local function shown_table(value, depth, open, indent)
            local own = metatable(value)
            if type(own) == "table" and rawget(own, "__tostring") ~= nil then
                return described(value)
            end
            if open[value] then return "<cycle>" end
            local telling = kernel_text(value)
            if telling then return telling end
            if next(value) == nil then return "{}" end
            if depth > DEPTH then return "{…}" end
            open[value] = true
            local length, parts, left = rawlen(value), {}, 0
            local keys = other_keys(value, length)
            for index = 1, length + #keys do
                if #parts >= ITEMS or open.count >= ALL_ITEMS then
                    left = length + #keys - #parts
                    break
                end
                open.count = open.count + 1
                local key = keys[index - length]
                local item = rawget(value, index <= length and index or key)
                local text = shown(item, depth + 1, open, indent .. "  ")
                parts[#parts + 1] = index <= length and text or key_text(key) .. " = " .. text
            end
            open[value] = nil
            if left > 0 then parts[#parts + 1] = format("… %d more", left) end
            return laid_out(parts, indent)
        end

        function shown(value, depth, open, indent)
            if type(value) == "table" then return shown_table(value, depth, open, indent) end
            return atom(value)
        end

        -- A result by itself: text is printed as it is, unless it would disturb the terminal.
        local function result_text(value)
            if type(value) ~= "string" then return shown(value, 1, { count = 0 }, "") end
            local text, rest = cut(gsub(value, "\r\n", "\n"), PLAIN_BYTES)
            local bare = gsub(text, "[\n\t]", "")
            if value == "" or not utf8_length(text) or find(bare, "%c")
                or find(bare, "\xC2[\x80-\x9F]") then
                return quoted(value)
            end
            return (gsub(text, "\n$", "")) .. rest
        end

        -- `_` and `_1` are the last result, `_2` the one before.
        local function remember(value)
            if value == nil then return end
            for index = 9, 2, -1 do
                rawset(globals, "_" .. index, rawget(globals, "_" .. index - 1))
            end
            rawset(globals, "_1", value)
            rawset(globals, "_", value)
        end

        local function results(...)
            local values, parts, separator = pack(...), {}, "\t"
            for index = 1, values.n do
                parts[index] = result_text(values[index])
                if find(parts[index], "\n", 1, true) then separator = "\n" end
            end
            remember(values[1])
            return concat(parts, separator)
        end

        """#
}
