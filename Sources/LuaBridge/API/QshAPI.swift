import QshRuntime

/// The global table `qsh`: what recipes see.
@LoopActor
public enum QshAPI {
    /// Puts it into a state.
    public static func install(in state: LuaState, _ services: QshServices) throws {
        var services = services
        let scale = services.environment["QSH_TIMEOUT_SCALE"].flatMap(Double.init) ?? 1
        services.timeoutScale = { [weak state] in try state.map(timeoutScale) ?? 1 }
        try state.install(
            LuaModule(
                "qsh",
                primitives: [
                    .immediate("nearest", nearestWord), .immediate("now", now),
                    TriageAPI.primitive,
                    PromptAPI.primitive(services),
                ],
                constants: [
                    ("interactive", .bool(services.isInteractive)), ("version", .text(version)),
                    ("timeout_scale", .number(scale)),
                ],
                submodules: [
                    ArchAPI.module(services),
                    KernelAPI.module(services), InitramfsAPI.module(services),
                    MachineAPI.module(services), ProcAPI.module(),
                ]))
    }

    /// The version of the program and of its API.
    public nonisolated static let version = "0.1.0"

    /// `qsh.timeout_scale`, which a recipe may set.
    private static func timeoutScale(_ state: LuaState) throws -> Double {
        let value = try state.field("timeout_scale", of: "qsh")
        guard let factor = value.anyNumber, factor > 0, factor < 1e6 else {
            throw APIError.badTimeoutScale(got: value.displayed)
        }
        return factor
    }

    /// `qsh.now()`: seconds on a clock that never jumps, for measuring.
    private static func now(_ call: LuaCall) -> [LuaValue] {
        [.number(Deadline.now.secondsOfClock)]
    }

    /// `qsh.nearest(word, known)`: the known word that was probably meant, or nil.
    private static func nearestWord(_ call: LuaCall) throws -> [LuaValue] {
        let word = try call.string(1, "word")
        let known = try call.table(2, "known").sequence.compactMap(\.text)
        return [nearest(to: word, among: known).map { .text($0) } ?? .null]
    }
}
