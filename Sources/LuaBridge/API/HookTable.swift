import QshRuntime
import SystemPackage

/// A hook of the user's own: a table `{ name, help, build, run_hook, … }`.
@LoopActor
enum HookTable {
    /// - Parameter name: where the table need not say it, as in a folder of hooks.
    static func hook(
        _ table: LuaTable, name given: String? = nil, function: String
    ) throws -> InitramfsHook {
        let hookOptions = LuaOptions(table, function: function)
        let named = try hookOptions.string("name") ?? given
        let name = try hookOptions.required("name", named, expects: "a string")
        let help = try hookOptions.string("help") ?? "a hook of your own"
        let build = try hookOptions.function("build")
        var points: [InitramfsHook.Point: String] = [:]
        points[.early] = try hookOptions.string("run_earlyhook")
        points[.run] = try hookOptions.string("run_hook")
        points[.late] = try hookOptions.string("run_latehook")
        points[.cleanup] = try hookOptions.string("run_cleanuphook")
        points[.emergency] = try hookOptions.string("run_emergencyhook")
        try hookOptions.finish()
        return try InitramfsHook(named: name, help, points: points) { generator in
            guard let build else { return }
            let object = InitramfsObject()
            object.tree = generator.tree
            object.arch = generator.configuration.kernel.arch
            object.hook = name
            object.requestModules = { generator.requestModules($0) }
            _ = try await build.call([.object(object)])
            generator.tree = object.tree
            generator.remarks += object.remarks
        }
    }
}

/// A folder of hooks: `NAME.lua` each, which returns the hook's table.
@LoopActor
public struct HookFolder {
    private let lua: LuaState

    /// Makes a Lua state for them with the API in it; it must live as long as the hooks.
    public init(_ services: QshServices) throws {
        lua = try LuaState()
        try QshAPI.install(in: lua, services)
    }

    /// The hooks of a folder, in the order of their names.
    ///
    /// - Throws: `LuaError`, ``GeneratorError``.
    public func hooks(in folder: FilePath) async throws -> [InitramfsHook] {
        let names = try GeneratorFiles.names(in: folder).filter { $0.hasSuffix(".lua") }
        var hooks: [InitramfsHook] = []
        for file in names {
            let path = folder.appending(file)
            let chunk = LuaChunk(try GeneratorFiles.contents(of: path), name: path.string)
            let value = try await lua.run(chunk).first ?? .null
            guard case .table(let table) = try lua.copy(value) else {
                throw GeneratorError.badHook(
                    String(file.dropLast(4)), "`\(path)` returns no table")
            }
            hooks.append(
                try HookTable.hook(
                    table, name: String(file.dropLast(4)), function: path.string))
        }
        return hooks
    }

    /// Ends the Lua state.
    public func close() async { await lua.close() }
}
