import QshRuntime

/// The global table `qsh`: what recipes see.
@LoopActor
public enum QshAPI {
    /// Puts it into a state.
    public static func install(in state: LuaState, _ services: QshServices) async throws {
        try state.install(
            LuaModule(
                "qsh",
                primitives: [
                    .immediate("exit", exit), .immediate("nearest", nearestWord),
                    .immediate("now", now),
                ],
                constants: [
                    ("interactive", .bool(services.isInteractive)), ("version", .text(version)),
                ],
                submodules: [
                    KernelAPI.module(services), InitramfsAPI.module(services),
                    MachineAPI.module(services), ProcAPI.module(),
                ]))
        // The standard library's own way out must unwind the recipe too, so that machines close.
        _ = try await state.evaluate(LuaChunk("os.exit = qsh.exit", name: "qsh"))
    }

    /// The version of the program and of its API.
    public static let version = "0.1.0"

    /// `qsh.now()`: seconds on a clock that never jumps, for measuring.
    private static func now(_ call: LuaCall) -> [LuaValue] {
        [.number(Deadline.now.secondsOfClock)]
    }

    /// `qsh.exit(code)`: true or nil for 0, false for 1, or a number from 0 to 255.
    private static func exit(_ call: LuaCall) throws -> [LuaValue] {
        switch call.value(at: 1) {
        case .null, .bool(true): throw RecipeExit(status: 0)
        case .bool(false): throw RecipeExit(status: 1)
        default:
            let code = try call.integer(1, "code")
            throw RecipeExit(status: Int32(truncatingIfNeeded: code & 0xff))
        }
    }

    /// `qsh.nearest(word, known)`: the known word that was probably meant, or nil.
    private static func nearestWord(_ call: LuaCall) throws -> [LuaValue] {
        let word = try call.string(1, "word")
        let known = try call.table(2, "known").sequence.compactMap(\.text)
        return [nearest(to: word, among: known).map { .text($0) } ?? .null]
    }
}

/// A recipe that ends itself: raised so that everything it holds is closed on the way out.
public struct RecipeExit: DiagnosticError, Equatable {
    /// qsh's exit status.
    public let status: Int32

    /// Seen only by a recipe that catches it.
    public var diagnostic: Diagnostic {
        Diagnostic(status == 0 ? .ok : .recipeFailed, "the recipe ends with status \(status)")
    }
}
