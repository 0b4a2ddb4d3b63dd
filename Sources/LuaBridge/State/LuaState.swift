import CLuaShims
import Glibc
import QshRuntime
import SystemPackage

/// A Lua 5.4 interpreter whose coroutines run as tasks on the loop.
///
/// Call ``close()`` before letting go of it: what recipes hold is closed there.
@LoopActor
public final class LuaState {
    /// The interpreter that is embedded: `Lua 5.4.4`.
    public nonisolated static var version: String { String(cString: qlua_release()) }

    let home = LuaHome()
    let configuration: LuaConfiguration
    /// Nil once closed.
    private(set) var lua: OpaquePointer?
    /// Metatables that this state has made, by the object's class.
    private var types: [ObjectIdentifier: Int32] = [:]
    private var primitivesOfTasksAreThere = false
    private var isClosing = false

    // The scheduler's; see Scheduler.swift.
    var ready: [LuaTask] = []
    var pumpIsQueued = false
    var current: LuaTask?
    var foreground: LuaTask?
    /// Whether the foreground task was interrupted and has not ended yet.
    var isStopping = false
    /// The number of what runs in the foreground, to tell one from the next and from the one around
    /// it: an input at a breakpoint is not the recipe. 0 for nothing.
    public internal(set) var foregroundRun: UInt64 = 0
    var foregroundRuns: UInt64 = 0
    /// Is waited for before an object is closed, and before the tasks of a failed run are ended.
    public var beforeClose: (@LoopActor @Sendable () async -> Void)?
    var scope = LuaScope()
    var pendingWait: (@LoopActor @Sendable () async throws -> [LuaValue])?
    let tasksChanged = Broadcast()
    /// What a recipe gave `os.exit`.
    var exit: LuaExit?
    /// Of the error on its way out of the running task.
    var trace: (identity: UInt, bytes: [UInt8])?

    /// Makes a state with Lua's standard libraries.
    ///
    /// - Throws: `LuaError` where memory runs out.
    public init(_ configuration: LuaConfiguration = LuaConfiguration()) throws {
        self.configuration = configuration
        var host = Host.table
        let context = Unmanaged.passUnretained(home).toOpaque()
        lua = qlua_new(&host, context, Int64(configuration.failingAllocation ?? 0))
        guard let lua else { throw LuaError.noMemory }
        home.state = self
        home.open(lua)
        let folders = configuration.moduleFolders + configuration.libraryFolders
        do {
            try perform(QLUA_OP_PRELUDE, [.list(folders.map { .text($0.string) })])
            try perform(QLUA_OP_INSTALL) { writer in
                writer.append("os")
                writer.tableHeader(fields: 1)
                writer.append("exit")
                writer.append(LuaExit.primitive, name: "os.exit", isMethod: false)
            }
        } catch {
            closeNow()
            throw error
        }
    }

    isolated deinit { closeNow() }

    private func closeNow() {
        guard let lua else { return }
        home.close()
        self.lua = nil
        qlua_close(lua)
    }

    /// Cancels and unwinds all tasks, then closes the state and collects all objects.
    ///
    /// Tasks that do not end within the configuration's `unwindLimit` are abandoned.
    public func close() async {
        guard lua != nil, !isClosing else { return }
        isClosing = true
        await end(scope)
        ready.removeAll()
        closeNow()
    }

    /// Makes the modules fields of the global table `name`, which is made where it is not there;
    /// `qsh.task` comes with the first call.
    public func install(_ modules: [LuaModule], as name: String = "qsh") throws {
        var modules = modules
        if !primitivesOfTasksAreThere { modules.append(TaskAPI.module) }
        try perform(QLUA_OP_INSTALL) { writer in
            writer.append(name)
            writer.tableHeader(fields: modules.count)
            for module in modules {
                writer.append(module.name)
                try writer.append(module, path: "\(name).\(module.name)")
            }
        }
        primitivesOfTasksAreThere = true
    }

    /// Makes a module a global table, functions and constants of its own included.
    public func install(_ module: LuaModule) throws {
        var module = module
        if !primitivesOfTasksAreThere { module.submodules.append(TaskAPI.module) }
        try perform(QLUA_OP_INSTALL) { writer in
            writer.append(module.name)
            try writer.append(module, path: module.name)
        }
        primitivesOfTasksAreThere = true
    }

    /// Makes a function a global.
    public func install(global primitive: LuaPrimitive) throws {
        try perform(QLUA_OP_GLOBAL) { writer in
            writer.append(primitive.name)
            writer.append(primitive, name: primitive.name, isMethod: false)
        }
    }

    // MARK: values

    /// Sends values in a reply of the host.
    func send(_ values: [LuaValue], in reply: UnsafeMutablePointer<qlua_reply>) throws {
        let writer = try ValueWriter.encode(values, for: self)
        reply.pointee.bytes = writer.bytes?.assumingMemoryBound(to: UInt8.self)
        reply.pointee.length = writer.length
    }

    /// Makes the reply raise: a Lua error as the value it was, any other as an error object.
    func raise(_ error: any Error, in reply: UnsafeMutablePointer<qlua_reply>) {
        raise(raised(for: error), in: reply)
    }

    func raise(_ object: LuaErrorObject, in reply: UnsafeMutablePointer<qlua_reply>) {
        raise(.object(object), in: reply)
    }

    private func raise(_ value: LuaValue, in reply: UnsafeMutablePointer<qlua_reply>) {
        reply.pointee.raises = 1
        // Only making the metatable of errors can fail, for want of memory.
        if (try? send([value], in: reply)) == nil {
            try? send([.text("not enough memory")], in: reply)
        }
    }

    /// The value that an error is in Lua.
    func raised(for error: any Error) -> LuaValue {
        if let error = error as? LuaError, let value = error.value { return value }
        return .object(LuaErrorObject(error, home: home))
    }

    /// The value with a reference to it, so that Lua gets the same one each time.
    func pinned(_ value: LuaValue) throws -> LuaValue {
        try perform(QLUA_OP_VALUES, [value], flags: Int32(QLUA_PIN_TABLES)).first ?? .null
    }

    /// An argument of a call in progress.
    func argument(_ frame: OpaquePointer, _ slot: Int32, flags: Int32) throws -> LuaValue {
        try perform(QLUA_OP_ARGUMENT, flags: flags, frame: frame, index: slot) { _ in }.first
            ?? .null
    }

    /// The registry index of the metatable for the object's class.
    func typeReference(of object: any LuaObject) throws -> Int32 {
        let key = ObjectIdentifier(Swift.type(of: object))
        if let known = types[key] { return known }
        let type = Swift.type(of: object).luaType
        let made = try perform(QLUA_OP_TYPE) { try $0.append(type) }
        guard case .integer(let index)? = made.first else { return 0 }
        types[key] = Int32(index)
        return Int32(index)
    }

    // MARK: protected operations

    @discardableResult
    func perform(_ operation: Int, _ values: [LuaValue], flags: Int32 = 0) throws -> [LuaValue] {
        try perform(operation, flags: flags) { writer in
            for value in values { try writer.append(value) }
        }
    }

    @discardableResult
    func perform(
        _ operation: Int, flags: Int32 = 0, frame: OpaquePointer? = nil, index: Int32 = 0,
        _ write: (inout ValueWriter) throws -> Void
    ) throws -> [LuaValue] {
        guard let lua else { throw LuaError.closed }
        releaseDropped()
        var input = try ValueWriter.encode(for: self, write)
        var request = qlua_request()
        request.operation = Int32(operation)
        request.flags = flags
        request.input = UnsafePointer(input.bytes?.assumingMemoryBound(to: UInt8.self))
        request.input_length = input.length
        request.frame = frame
        request.index = index
        let status = qlua_perform(lua, &request)
        input.wasSent()
        let values = read(request)
        guard Int(status) == QLUA_DONE else { throw error(values, request.identity) }
        return values
    }

    /// Reads and frees what an operation put out.
    func read(_ request: qlua_request) -> [LuaValue] {
        guard let output = request.output else { return [] }
        defer { free(output) }
        let bytes = UnsafeRawBufferPointer(start: output, count: request.output_length)
        return ValueReader.decode(bytes, home: home)
    }

    /// Registry indices let go by Swift are released between calls, never within one.
    func releaseDropped() {
        guard let lua else { return }
        for index in home.takeDropped() { qlua_release_reference(lua, index) }
    }

    // MARK: errors

    /// Keeps the traceback of an error on its way out. One that passes from a recipe's coroutine
    /// into its caller is told of once for each, and grows.
    func keepTrace(_ bytes: [UInt8], of identity: UInt) {
        if let trace, trace.identity == identity, identity != 0, bytes != trace.bytes {
            self.trace = (identity, trace.bytes + bytes)
        } else {
            trace = (identity, bytes)
        }
    }

    /// Makes the error that Swift sees of what the shim put out: the pinned value (`nil` for a
    /// plain one), and the value itself or its text.
    func error(_ values: [LuaValue], _ identity: UnsafeRawPointer?) -> LuaError {
        defer { trace = nil }
        guard values.count == 2 else { return .noMemory }
        let known = trace.map { $0.identity == UInt(bitPattern: identity) } ?? false
        let bytes = known ? trace?.bytes ?? [] : []
        let pin = values[0].isNull ? values[1] : values[0]
        if case .object(let object) = values[1], let raised = object as? LuaErrorObject {
            return error(raised, bytes, pin)
        }
        let trace = LuaTrace(bytes)
        let text = values[1].text ?? "the error value is \(values[1].displayed)"
        let (place, message) = trace.split(text)
        return LuaError(
            Diagnostic(.recipeFailed, message),
            location: place ?? trace.location(besides: configuration.libraryFolders),
            traceback: trace.frames, value: pin)
    }

    /// The place where an error object was first raised counts, also where it was raised again;
    /// the traceback at the end is the longer one if it starts in the same place.
    private func error(_ raised: LuaErrorObject, _ bytes: [UInt8], _ pin: LuaValue) -> LuaError {
        let first = LuaTrace(raised.trace)
        let last = LuaTrace(bytes)
        let trace = first.frames.first == last.frames.first || first.frames.isEmpty ? last : first
        return LuaError(
            raised.diagnostic, location: trace.location(besides: configuration.libraryFolders),
            traceback: trace.frames, cause: raised.cause, underlying: raised.underlying,
            value: pin, stops: raised.stops)
    }
}

extension LuaError {
    static let noMemory = LuaError(Diagnostic(.recipeFailed, "not enough memory"))
}
