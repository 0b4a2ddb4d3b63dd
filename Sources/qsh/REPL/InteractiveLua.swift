/// The part of the REPL that is Lua, since it must look at tables by raw access, cycles included.
///
/// It takes what it needs when the session starts, so that a session that redefines `next` or
/// `print` changes nothing here. Metamethods do not run, but for `__tostring` of what is printed.
enum InteractiveLua {
    static let source = #"""
        local globals, load, type, next, select = _ENV, load, type, next, select
        local rawget, rawset, rawlen, tostring, pcall = rawget, rawset, rawlen, tostring, pcall
        local print, output, getinfo = print, io.write, debug.getinfo
        local metatable, registry, math_type = debug.getmetatable, debug.getregistry(), math.type
        local string, concat, sort, pack = string, table.concat, table.sort, table.pack
        local byte, find, format, gsub, match = string.byte, string.find, string.format,
            string.gsub, string.match
        local rep, sub, utf8_length = string.rep, string.sub, utf8.len
        local take = globals.__qsh_repl.take
        globals.__qsh_repl, package.loaded.__qsh_repl = nil, nil

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
            if info.what == "C" or info.short_src == "qsh" then return "function" end
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

        local shown

        local function shown_table(value, depth, open, indent)
            local own = metatable(value)
            if type(own) == "table" and rawget(own, "__tostring") ~= nil then
                return described(value)
            end
            if open[value] then return "<cycle>" end
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

        local function is_incomplete(text)
            local expression, why_no_expression = load("return " .. text, "=repl", "t")
            if expression then return false end
            local statement, why_not = load(text, "=repl", "t")
            if statement then return false end
            return find(why_not, "near <eof>$") ~= nil
                or find(why_no_expression, "near <eof>$") ~= nil
        end

        -- The names of an object of qsh's own: the only table in its metatable under an address.
        local function object_names(value)
            local own = type(value) == "userdata" and metatable(value)
            if not own or find(rawget(own, "__name") or "", "^qsh%.") == nil then return nil end
            for key, names in next, own do
                if type(key) == "userdata" and type(names) == "table" then return names end
            end
        end

        local function field(value, name)
            if type(value) == "table" then return rawget(value, name) end
            if not object_names(value) then return nil end
            local ok, found = pcall(function() return value[name] end)
            if ok then return found end
        end

        -- What may stand at the end of the line: its names with their types, and the word begun.
        local function candidates(line)
            local word = match(line, "[%w_.:]*$")
            local path, prefix = match(word, "^(.*[.:])([%w_]*)$")
            local value, names = globals, {}
            for name in string.gmatch(path or "", "([^.:]*)[.:]") do value = field(value, name) end
            if type(value) == "string" then value = string end
            local from = object_names(value) or (type(value) == "table" and value) or {}
            local only_methods, described_by_kind = sub(path or "", -1) == ":", object_names(value)
            for name, item in next, from do
                local kind = described_by_kind and item or type(item)
                if type(name) == "string" and find(name, "^[%a_][%w_]*$")
                    and sub(name, 1, #(prefix or word)) == (prefix or word)
                    and not (sub(name, 1, 2) == "__")
                    and (kind == "function" or not only_methods) then
                    names[#names + 1] = { name, kind }
                end
            end
            -- After a dot, an object's fields come before its methods.
            local has_field = false
            for _, item in next, names do has_field = has_field or item[2] == "property" end
            if has_field then
                local fields = {}
                for _, item in next, names do
                    if item[2] == "property" then fields[#fields + 1] = item end
                end
                names = fields
            end
            for name in next, path and {} or keywords do
                if sub(name, 1, #word) == word then names[#names + 1] = { name, "keyword" } end
            end
            sort(names, function(a, b) return a[1] < b[1] end)
            return prefix or word, names
        end

        local function name_of(value)
            for name, item in next, globals do
                if item == value and type(name) == "string" and not find(name, "^_") then
                    return name
                end
            end
            return ""
        end

        -- The machines that run, each with the global it is in. The state keeps every object that
        -- a recipe holds in a table of its registry, by address.
        local function running()
            local found = {}
            for _, objects in next, registry do
                for key, value in next, type(objects) == "table" and objects or {} do
                    local own = type(value) == "userdata" and metatable(value)
                    if type(key) == "userdata" and own
                        and rawget(own, "__name") == "qsh.machine" then
                        if field(value, "running") then
                            found[#found + 1] = { name_of(value), value }
                        end
                    end
                end
            end
            return found
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

        return results, is_incomplete, candidates, running
        """#
}
