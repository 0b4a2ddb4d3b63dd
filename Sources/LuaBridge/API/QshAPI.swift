import QshRuntime

/// The global table `qsh`: what recipes see.
@LoopActor
public enum QshAPI {
    /// Its modules and functions.
    public static func modules(_ services: QshServices) -> [LuaModule] {
        [
            KernelAPI.module(services), InitramfsAPI.module(services), MachineAPI.module(services),
            ProcAPI.module(),
            LuaModule(
                "",
                primitives: [.immediate("exit", exit), .immediate("nearest", nearestWord)],
                constants: [
                    ("interactive", .bool(services.isInteractive)), ("version", "0.1.0"),
                ]),
        ]
    }

    /// Makes the standard library's own way out unwind the recipe too, so that machines are closed.
    public static func adopt(_ state: LuaState) throws {
        try state.assign("qsh.exit", to: "os.exit")
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
