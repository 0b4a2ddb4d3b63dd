import CLuaShims
import QshRuntime

/// What the shim calls. All of it runs on the loop's thread, with Lua's frames below, and returns
/// errors instead of throwing them.
enum Host {
    static var table: qlua_host {
        qlua_host(
            call: { primitive, frame, count, receiver, reply in
                Host.call(primitive, frame, count, receiver, reply)
            },
            refuse: { primitive, blocker, reply in Host.refuse(primitive, blocker, reply) },
            release: { object in
                if let object { Unmanaged<AnyObject>.fromOpaque(object).release() }
            },
            collect: { object in Host.collect(object) },
            traced: { context, object, value, text, length in
                let text = UnsafeRawBufferPointer(start: text, count: length)
                Host.traced(context, object, value, text)
            },
            interrupted: { context, reply in Host.interrupted(context, reply) },
            warn: { context, text, length in
                Host.warn(context, UnsafeRawBufferPointer(start: text, count: length))
            })
    }

    private static func call(
        _ pointer: UnsafeMutableRawPointer?, _ frame: OpaquePointer?, _ count: Int32,
        _ receiver: UnsafeMutableRawPointer?, _ answer: UnsafeMutablePointer<qlua_reply>?
    ) -> Int32 {
        guard let pointer, let frame, let answer else { return 0 }
        return Unmanaged<BoundPrimitive>.fromOpaque(pointer)._withUnsafeGuaranteedRef { primitive in
            nonisolated(unsafe) let frame = frame
            nonisolated(unsafe) let reply = answer
            let call = LuaCall(primitive, frame: frame, count: count, receiver: receiver)
            guard case .immediate(let body) = primitive.body else {
                return isolated { primitive.beginWait(call, reply) }
            }
            do {
                let results = try body(call)
                if results.isEmpty { return 0 }
                return isolated { primitive.give(results, frame, reply) }
            } catch {
                return isolated { primitive.fail(error, reply) }
            }
        }
    }

    private static func refuse(
        _ pointer: UnsafeMutableRawPointer?, _ blocker: UnsafePointer<CChar>?,
        _ answer: UnsafeMutablePointer<qlua_reply>?
    ) {
        guard let pointer, let answer else { return }
        nonisolated(unsafe) let reply = answer
        let primitive = Unmanaged<BoundPrimitive>.fromOpaque(pointer).takeUnretainedValue()
        let error = LuaWaitError(
            function: primitive.name, blocker: blocker.map { String(cString: $0) })
        _ = isolated { primitive.fail(error, reply) }
    }

    private static func collect(_ pointer: UnsafeMutableRawPointer?) {
        guard let pointer else { return }
        let box = Unmanaged<ObjectBox>.fromOpaque(pointer).takeRetainedValue()
        isolated { box.object.luaCollect() }
    }

    private static func traced(
        _ context: UnsafeMutableRawPointer?, _ object: UnsafeMutableRawPointer?,
        _ value: UnsafeRawPointer?, _ text: UnsafeRawBufferPointer
    ) {
        nonisolated(unsafe) let context = context
        nonisolated(unsafe) let object = object
        nonisolated(unsafe) let value = value
        nonisolated(unsafe) let text = text
        isolated {
            if let object {
                let box = Unmanaged<ObjectBox>.fromOpaque(object).takeUnretainedValue()
                if let error = box.error, error.trace.isEmpty { error.trace = Array(text) }
            } else if let state = home(context)?.state {
                state.keepTrace(Array(text), of: UInt(bitPattern: value))
            }
        }
    }

    private static func interrupted(
        _ context: UnsafeMutableRawPointer?, _ reply: UnsafeMutablePointer<qlua_reply>?
    ) {
        nonisolated(unsafe) let context = context
        nonisolated(unsafe) let reply = reply
        isolated {
            guard let reply, let state = home(context)?.state else { return }
            state.interruptForegroundUnlessRunning()
            state.raise(
                LuaErrorObject(.interrupted, stops: true, home: state.home), in: reply)
        }
    }

    private static func warn(_ context: UnsafeMutableRawPointer?, _ text: UnsafeRawBufferPointer) {
        nonisolated(unsafe) let context = context
        nonisolated(unsafe) let text = text
        isolated {
            home(context)?.state?.configuration.onWarning(String(decoding: text, as: UTF8.self))
        }
    }

    private static func home(_ context: UnsafeMutableRawPointer?) -> LuaHome? {
        context.map { Unmanaged<LuaHome>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Isolated code without the check of ``LoopActor/assumeIsolated(_:)``: Lua runs on no other
    /// thread, and the check takes a lock at each call.
    @inline(__always)
    private static func isolated<Result>(_ body: @LoopActor () -> Result) -> Result {
        withoutActuallyEscaping(body) { unsafeBitCast($0, to: (() -> Result).self)() }
    }
}

/// A wait in a place that cannot be suspended.
struct LuaWaitError: DiagnosticError {
    let function: String
    let blocker: String?

    var diagnostic: Diagnostic {
        let place = blocker.map { "`\($0)`" } ?? "a C function"
        return Diagnostic(
            .usage, "cannot wait here: `\(function)` would suspend \(place), which cannot be")
    }
}

@LoopActor
extension BoundPrimitive {
    /// Pushes scalars at once; other results go as bytes that the shim decodes after the return.
    fileprivate func give(
        _ results: [LuaValue], _ frame: OpaquePointer, _ reply: UnsafeMutablePointer<qlua_reply>
    ) -> Int32 {
        guard results.count <= 16, results.allSatisfy(\.isScalar) else {
            guard let state = home.state else { return fail(LuaError.closed, reply) }
            do {
                try state.send(results, in: reply)
                return Int32(QLUA_REPLY)
            } catch {
                return fail(error, reply)
            }
        }
        for result in results {
            switch result {
            case .bool(let value): qlua_push_boolean(frame, value ? 1 : 0)
            case .integer(let value): qlua_push_integer(frame, value)
            case .number(let value): qlua_push_number(frame, value)
            default: qlua_push_nil(frame)
            }
        }
        return Int32(results.count)
    }

    fileprivate func fail(
        _ error: any Error, _ reply: UnsafeMutablePointer<qlua_reply>
    ) -> Int32 {
        home.state?.raise(error, in: reply)
        reply.pointee.raises = 1
        return Int32(QLUA_REPLY)
    }

    fileprivate func beginWait(
        _ call: LuaCall, _ reply: UnsafeMutablePointer<qlua_reply>
    ) -> Int32 {
        guard let state = home.state, case .suspending(let body) = body else { return 0 }
        do {
            let caller = state.current
            let detached = try call.detached(for: caller)
            state.pendingWait = { try await body(detached) }
            return Int32(QLUA_SUSPEND)
        } catch {
            return fail(error, reply)
        }
    }
}

extension LuaValue {
    fileprivate var isScalar: Bool {
        switch self {
        case .null, .bool, .integer, .number: true
        default: false
        }
    }
}
