import QshRuntime

/// A Swift error as recipes see it.
@LoopActor
final class LuaErrorObject: LuaObject {
    static let luaType = LuaType(
        "qsh.error",
        properties: [
            LuaProperty("kind", of: LuaErrorObject.self) { .text($0.diagnostic.verdict.rawValue) },
            LuaProperty("message", of: LuaErrorObject.self) { .text($0.diagnostic.message) },
            LuaProperty("hint", of: LuaErrorObject.self) { .optional($0.diagnostic.hint) },
            LuaProperty("notes", of: LuaErrorObject.self) {
                .list($0.diagnostic.notes.map { .text($0) })
            },
            LuaProperty("reproduce", of: LuaErrorObject.self) {
                .optional($0.diagnostic.reproduce)
            },
            LuaProperty("traceback", of: LuaErrorObject.self) {
                .text(LuaTrace($0.trace).frames.map(\.description).joined(separator: "\n"))
            },
            LuaProperty("location", of: LuaErrorObject.self) { .optional($0.location) },
            LuaProperty("cause", of: LuaErrorObject.self) { try $0.causeValue() },
        ],
        refusesUnknownFields: false)

    let diagnostic: Diagnostic
    let underlying: (any Error)?
    /// Whether it ends its task: no `pcall` catches it.
    let stops: Bool
    private let home: LuaHome
    private var pinnedCause: LuaValue?
    /// As the shim wrote it where the error was first raised.
    var trace: [UInt8] = []

    init(
        _ diagnostic: Diagnostic, underlying: (any Error)? = nil, stops: Bool = false,
        home: LuaHome
    ) {
        self.diagnostic = diagnostic
        self.stops = stops
        self.underlying = underlying
        self.home = home
    }

    /// Makes what is raised for an error that a primitive throws.
    convenience init(_ error: any Error, home: LuaHome) {
        self.init(Self.diagnostic(of: error), underlying: error, home: home)
    }

    var luaDescription: String { diagnostic.message }

    var cause: (any Error)? { (underlying as? any CausedDiagnosticError)?.cause }

    private var location: String? {
        home.state.flatMap { LuaTrace(trace).location(besides: $0.configuration.libraryFolders) }
    }

    private static func diagnostic(of error: any Error) -> Diagnostic {
        if let error = error as? any DiagnosticError { return error.diagnostic }
        if error is CancellationError { return .cancelled }
        return Diagnostic(.recipeFailed, "internal error: \(error)")
    }

    /// Pinned, so that reading the field twice gives the same value.
    private func causeValue() throws -> LuaValue {
        if let pinnedCause { return pinnedCause }
        guard let cause, let state = home.state else { return .null }
        let value = try state.pinned(state.raised(for: cause))
        pinnedCause = value
        return value
    }
}

extension Diagnostic {
    /// What a cancelled wait raises.
    static let cancelled = Diagnostic(.interrupted, "cancelled: the task was stopped")
    /// What Ctrl-C raises.
    static let interrupted = Diagnostic(.interrupted, "interrupted")
}

extension LuaValue {
    static func optional(_ text: String?) -> LuaValue { text.map { .text($0) } ?? .null }
}
