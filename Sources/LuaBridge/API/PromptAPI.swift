import QshRuntime

/// `qsh.repl()`: a breakpoint.
@LoopActor
enum PromptAPI {
    static func primitive(_ services: QshServices) -> LuaPrimitive {
        .suspending("repl") { call in
            guard let open = services.openPrompt else { throw PromptAPIError() }
            do {
                try await open(call.coroutine)
            } catch let exit as LuaExit {
                guard let state = call.state else { throw LuaError.closed }
                throw exit.raised(in: state)
            }
            return []
        }
    }
}

/// There is no prompt here.
struct PromptAPIError: DiagnosticError {
    var diagnostic: Diagnostic { Diagnostic(.usage, "qsh.repl: there is no prompt to open here") }
}
