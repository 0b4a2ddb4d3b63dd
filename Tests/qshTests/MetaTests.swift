import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// The stub for editors against the API that the binary has.
@Suite struct MetaTests {
    /// Prints every name: `qsh.machine.boot`, `qsh.machine:wait`, `qsh.machine.pid`.
    private static let listing = """
        local machine <close> = qsh.machine.boot {}
        local tree = qsh.kernel.open("\(QshRun.repository)/Tests/Fixtures/kernel-tree")
        os.execute("mkdir out; echo '# Linux/x86 6.1 Kernel' >out/.config")
        local function module(path, table)
          for name, value in pairs(table) do
            if type(value) == "table" then module(path .. "." .. name, value)
            else print(path .. "." .. name) end
          end
        end
        module("qsh", qsh)
        local objects = {
          machine, machine.console, qsh.initramfs.new(), qsh.task.spawn(function() end),
          qsh.kernel.config("\(QshRun.repository)/scripts/config/tiny.config"),
          tree, tree:build { out = "out" },
          select(2, qsh.machine.try_boot { memory = "none" }),
          qsh.initramfs.inspect(qsh.initramfs.new():write("meta.img")),
          machine:snapshot(), qsh.machine.network(),
        }
        for _, object in ipairs(objects) do
          local meta = debug.getmetatable(object)
          for _, members in pairs(meta) do
            if type(members) == "table" then
              for name, kind in pairs(members) do
                print(meta.__name .. (kind == "property" and "." or ":") .. name)
                local exists = pcall(function() return object["try_" .. name] end)
                if exists and object["try_" .. name] then
                  print(meta.__name .. ":try_" .. name)
                end
              end
            end
          end
        end
        """

    private static let stub: APIStub = {
        let folder = QshRun.repository.appending("scripts/meta")
        let texts = FileTree.names(in: folder).compactMap {
            DocumentFile.text(folder.appending($0))
        }
        return APIStub(texts.joined(separator: "\n"))
    }()

    @Test(.enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64"))
    func theStubNamesWhatIsThereAndNothingElse() async throws {
        let cache = try TestTree()
        let run = try await QshRun("-q", "-e", Self.listing)
            .with { $0.environment["XDG_CACHE_HOME"] = cache.path.string }.finish()
        try #require(run.stderr == "")
        let live = Set(run.stdout.split(separator: "\n").map(String.init))

        #expect(live.count > 60)
        // Only a guest with an agent gives one: GuestControlTests use all of it.
        let stub = Self.stub.names.filter { !$0.hasPrefix("qsh.guestprocess") }
        #expect(live.subtracting(stub).sorted() == [], "the stub lacks them")
        #expect(stub.subtracting(live).sorted() == [], "only the stub has them")
    }

    /// What an error text calls the types that one word can name.
    private static let typeNames = [
        "string": "a string", "string[]": "a list", "integer": "an integer",
        "number": "a number", "boolean": "a boolean", "table": "a table",
    ]

    /// One object of each class, by the class's name.
    private static let objects = """
        local machine <close> = qsh.machine.boot {}
        local tree = qsh.kernel.open("\(QshRun.repository)/Tests/Fixtures/kernel-tree")
        os.execute("mkdir out; echo '# Linux/x86 6.1 Kernel' >out/.config")
        local objects = {
          ["qsh.machine"] = machine, ["qsh.console"] = machine.console,
          ["qsh.kernel.tree"] = tree, ["qsh.kernel.built"] = tree:build { out = "out" },
          ["qsh.initramfs"] = qsh.initramfs.new(), ["qsh.snapshot"] = machine:snapshot(),
          ["qsh.initramfs.image"] = qsh.initramfs.inspect(qsh.initramfs.new():write("m.img")),
          ["qsh.task"] = qsh.task.spawn(function() end), ["qsh.network"] = qsh.machine.network(),
          ["qsh.kernel.config"] =
            qsh.kernel.config("\(QshRun.repository)/scripts/config/tiny.config"),
        }
        -- The message of a call; what comes before its arguments where it is a method.
        local function refusal(path, arguments)
          local owner, name = path:match("^(.*)[.:](.-)$")
          local called
          if path:find(":", 1, true) then
            table.insert(arguments, 1, objects[owner])
            called = objects[owner][name]
          else
            local module = owner:match("%.(.*)")
            called = (module and qsh[module] or qsh)[name]
          end
          local ok, first, second = pcall(called, table.unpack(arguments))
          return tostring(ok and second or first)
        end
        """

    /// Runs a recipe where none of the user's files is; returns what it prints.
    private func printed(by recipe: String) async throws -> String {
        let cache = try TestTree()
        let run = try await QshRun("-q", "recipe.lua").with {
            $0.files["recipe.lua"] = recipe
            $0.environment["HOME"] = "/"
            $0.environment["XDG_CACHE_HOME"] = cache.path.string
        }.finish()
        #expect(run.status == 0, "\(run.stderr)")
        return run.stdout
    }

    /// An argument of the wrong type is refused by the name that the stub gives it.
    @Test(.enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64"))
    func everyFirstArgumentHasTheNameOfTheStub() async throws {
        let calls = Self.stub.arguments.sorted { $0.key < $1.key }.compactMap { function, names in
            names.first.map { (function: function, name: $0) }
        }.filter {
            // Options are another test's; `modules` reads its second argument first.
            !["options", "..."].contains($0.name) && !$0.function.hasPrefix("qsh.guestprocess")
                && $0.function != "qsh.initramfs:modules"
        }.map { "{ '\($0.function)', '\($0.name)' }" }
        try #require(calls.count > 60)
        let recipe = """
            \(Self.objects)
            for _, call in ipairs { \(calls.joined(separator: ", ")) } do
              local message = refusal(call[1], { io.stdout })
              if not message:find("argument 1 (`" .. call[2] .. "`) expects ", 1, true) then
                print(call[1], call[2], message)
              end
            end
            """

        #expect(try await printed(by: recipe) == "")
    }

    /// An option of the wrong type is refused by its name and that of the type which the stub says,
    /// one that is not known as unknown.
    @Test(.enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64"))
    func everyOptionOfTheStubIsKnown() async throws {
        let calls = Self.stub.optionsOf.sorted { $0.key < $1.key }.filter {
            !$0.key.hasPrefix("qsh.guestprocess")
        }.flatMap { function, type in
            (Self.stub.options[type] ?? [:]).sorted { $0.key < $1.key }.map {
                let kind = $0.value.hasPrefix("fun(") ? "a function" : Self.typeNames[$0.value]
                return "{ '\(function)', '\($0.key)', '\(kind ?? "")' }"
            }
        }
        try #require(calls.count > 80)
        let recipe = """
            \(Self.objects)
            local leading = {
              expect = { "" }, settle = { 1 }, execute = { "true" }, succeed = { "true" },
              fail = { "true" }, wait_until_succeeds = { "true" }, copy_to = { "/a", "/b" },
              copy_from = { "/a", "/b" }, run = { { "true" } }, dir = { "/a" }, file = { "/a" },
              symlink = { "/a", "b" }, triage = { "/a" }, nod = { "/a" }, tree = { "/a" },
              binary = { "/a" }, modules = { "/k", "m" }, send = { "" }, sendline = { "" },
              module = { "/a" },
              qmp = { "stop", {} }, wait_event = { "STOP" }, screenshot = { "/a" },
              send_key = { "a" }, type = { "a" }, dump = { "/a" }, start = { "true" },
              wait_for_file = { "/a" }, wait_for_port = { 1 }, write_agent = { "/a" },
              extract = { "x" }, write = { "w.img" }, append = { {} }, diff = { "m.img", "m.img" },
            }
            for _, call in ipairs { \(calls.joined(separator: ", ")) } do
              local path, option, kind = table.unpack(call)
              local name = path:match("([_%w]+)$")
              local arguments = { table.unpack(leading[name:gsub("^try_", "")] or {}) }
              -- No option takes a file.
              arguments[#arguments + 1] = { [option] = io.stdout }
              local message = refusal(path, arguments)
              if not message:find("option `" .. option .. "` expects " .. kind, 1, true) then
                print(path, option, message)
              end
            end
            """

        #expect(try await printed(by: recipe) == "")
    }

    /// Each name as a reader looks for it: `:expect(`, `.spawn(`, `machine.pid`, `cwd`.
    @Test func theDocumentNamesAllOfIt() throws {
        let text = try [
            "docs/lua-api.md", "docs/machine-control.md", "docs/architectures.md",
            "docs/kernels.md",
        ].map {
            try #require(DocumentFile.text(QshRun.repository.appending($0)))
        }.joined()
        let names = Self.stub.names.compactMap { $0.split(whereSeparator: ".:".contains).last }
        let options = Self.stub.options.values.flatMap(\.keys)
        let missing = try Set(names.map(String.init) + options).filter { name in
            let plain = name.hasPrefix("try_") ? String(name.dropFirst(4)) : name
            return try !text.contains(Regex("[.:`{,] ?\(plain)\\b"))
        }

        #expect(missing.sorted() == [])
    }

    /// The other way round: each name that the source reads from an options table.
    @Test func everyOptionOfTheSourceIsInTheStub() throws {
        let folder = QshRun.repository.appending("Sources/LuaBridge/API")
        var found: Set<String> = []
        for name in FileTree.names(in: folder) {
            let text = try #require(DocumentFile.text(folder.appending(name)))
            let reads = text.matches(
                of: /ptions(?:\.(?:\w+)\(|\.required\(|, )"(\w+)"/)
            found.formUnion(reads.map { String($0.1) })
        }
        let known = Self.stub.options.values.reduce(into: Set<String>()) {
            $0.formUnion($1.keys)
        }

        #expect(found.count > 30)
        #expect(found.subtracting(known).sorted() == [], "the stub lacks them")
        #expect(known.subtracting(found).sorted() == [], "only the stub has them")
    }

    /// Arguments may be told by their names; everything else has words.
    @Test func everyOptionFieldAndFunctionIsExplained() throws {
        let text = try #require(
            DocumentFile.text(QshRun.repository.appending("docs/lua-api.md")))
        let lines = text.split(separator: "\n").drop { !$0.hasPrefix("<!-- From here on") }
        var table: Substring = ""
        var mute: [Substring] = []
        for (line, next) in zip(lines, lines.dropFirst()) {
            if line.hasPrefix("| ") && next.hasPrefix("|---") { table = line }
            if line.hasSuffix("|  |") && !table.hasPrefix("| argument") { mute.append(line) }
            let isCall = line.hasPrefix("**`") && line.contains("(")
            if isCall && (next.hasPrefix("**`") || next.hasPrefix("|")) { mute.append(line) }
        }

        #expect(lines.count > 500)
        #expect(mute == [])
    }
}
