extension InteractiveLua {
    /// What names stand for: completion, help, the machines that run.
    static let names = #"""
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

        local function read(place)
            if place.value then return place.value[1] end
            if place.func then return (select(2, getupvalue(place.func, place.index))) end
            return (select(2, getlocal(place.thread, place.level, place.index)))
        end

        local function variable(name)
            if places and places[name] then return read(places[name]) end
            return rawget(globals, name)
        end

        -- The name of a method: the registry holds the metatable of each type, and the first
        -- upvalue of its `__index` the methods (qlua_make_type).
        local function method_name(wanted)
            for _, class in next, registry do
                local own = type(class) == "table" and rawget(class, "__name")
                local index = own and find(own, "^qsh%.") and rawget(class, "__index")
                local _, methods = getupvalue(index or print, 1)
                for name, method in next, type(methods) == "table" and methods or {} do
                    if method == wanted then return own .. ":" .. name end
                end
            end
        end

        -- The name of one of the API's own functions and tables.
        local function api_name(wanted)
            local function search(path, table)
                if table == wanted then return path end
                for name, value in next, table do
                    if type(name) == "string" then
                        if value == wanted then return path .. "." .. name end
                        local found = type(value) == "table" and search(path .. "." .. name, value)
                        if found then return found end
                    end
                end
            end
            local root = rawget(globals, "qsh")
            return type(root) == "table" and search("qsh", root)
                or type(wanted) == "function" and method_name(wanted) or nil
        end

        -- What a path like `m.console:expect` is in the description of the API.
        local function resolve(path, given)
            local value, separator, owner = given, nil, nil
            for before, name in string.gmatch(path or "", "([.:]?)([%w_]+)") do
                if before == "" then
                    value = variable(name)
                else
                    owner = object_names(value) and rawget(metatable(value), "__name")
                    separator = owner and object_names(value)[name] == "function" and ":" or "."
                    path = owner and owner .. separator .. name
                    value = field(value, name)
                    if owner and separator == ":" then return "function", path end
                end
            end
            if object_names(value) then
                return "object", rawget(metatable(value), "__name"), described(value)
            end
            if type(value) == "function" or type(value) == "table" then
                local name = api_name(value)
                if name then return type(value), name end
            end
            if owner then return "field", path end
            return type(value), nil, atom(value)
        end

        -- What may stand at the end of the line: its names with their types, and the word begun.
        local function candidates(line)
            local word = match(line, "[%w_.:]*$")
            local path, prefix = match(word, "^(.*[.:])([%w_]*)$")
            local value, names = globals, {}
            for name in string.gmatch(path or "", "([^.:]*)[.:]") do
                if value == globals then value = variable(name) else value = field(value, name) end
            end
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
            for name, place in next, path and {} or places or {} do
                if sub(name, 1, #word) == word then
                    names[#names + 1] = { name, type(read(place)) }
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
            local last
            for index = #names, 1, -1 do
                if names[index][1] == last then table_remove(names, index) end
                last = names[index] and names[index][1]
            end
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

        """#
}
