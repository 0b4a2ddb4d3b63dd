import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

@testable import LuaBridge

@Suite struct RequireTests {
    init() { TestLoop.start() }

    @LoopActor
    private func bench(_ files: [String: String]) throws -> (Bench, FilePath) {
        var template = Array("/tmp/qsh-require-XXXXXX".utf8CString)
        let path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
        let folder = FilePath(path).appending("a;b?")
        mkdir(folder.string, 0o755)
        mkdir(folder.appending("lib").string, 0o755)
        for (name, text) in files {
            let file = fopen(folder.pushing(FilePath(name)).string, "w")
            fputs(text, file)
            fclose(file)
        }
        var configuration = LuaConfiguration()
        configuration.moduleFolders = [folder]
        configuration.libraryFolders = [folder.appending("lib")]
        return (try Bench(configuration), folder)
    }

    @Test @LoopActor func findsModulesBesideTheRecipeAndInLibraries() async throws {
        let (bench, folder) = try bench([
            "beside.lua": "return { name = ..., path = select(2, ...) }",
            "lib/other.lua": "return 'other'",
        ])

        let results = try await bench.run(
            """
            local m, path = require "beside"
            return m.name, path == m.path, path, require "beside" == m, (require "other")
            """)

        #expect(
            results == [
                "beside", true, .text(folder.appending("beside.lua").string), true, "other",
            ])
        await bench.state.close()
    }

    @Test @LoopActor func aModulesBodyMayWait() async throws {
        let (bench, _) = try bench(["slow.lua": "qsh.task.sleep(0.001) return 'slow'"])

        #expect(try await bench.run("return (require 'slow')") == ["slow"])
        await bench.state.close()
    }

    @Test @LoopActor func errorsInModulesTellTheirPlace() async throws {
        let (bench, folder) = try bench([
            "broken.lua": "local x =\n", "failing.lua": "\nerror 'in module'",
            "circle.lua": "require 'circle'", "code.lua": "\u{1B}Lua",
        ])

        let failing = await bench.failure("require 'failing'")
        let broken = await bench.failure("require 'broken'")
        let circle = await bench.failure("require 'circle'")
        let code = await bench.failure("require 'code'")
        let missing = await bench.failure("require 'not.there'")

        #expect(failing?.description == "in module")
        #expect(failing?.location == folder.appending("failing.lua").string + ":2")
        #expect(
            failing?.traceback.map(\.source)
                == [folder.appending("failing.lua").string, "recipe.lua"])
        #expect(broken?.description.hasPrefix("error loading module 'broken' from file") == true)
        #expect(
            circle?.description
                == "module 'circle' is being loaded: it requires itself, or another task loads it")
        #expect(
            code?.description.hasSuffix("it is Lua bytecode, and only source text is run") == true)
        #expect(
            missing?.description.hasPrefix(
                "module 'not.there' not found:\n\tno field package.preload['not.there']\n\t"
                    + "no file '\(folder)/not/there.lua'\n\t") == true)
        #expect(missing?.location == "recipe.lua:1")
        // A module that failed may be tried again.
        #expect(try await bench.run("return pcall(require, 'failing')").first == false)
        await bench.state.close()
    }
}
