import QshRuntime

/// One level of a Lua traceback.
public struct LuaFrame: Sendable, Equatable {
    /// The chunk as the recipe's author knows it: `scripts/boot.lua`.
    public let source: String
    /// Counted from 1.
    public let line: Int
    /// The function's name as far as Lua knows it; nil for a main chunk.
    public let function: String?

    /// Where it is: `scripts/boot.lua:12`.
    public var location: String { "\(source):\(line)" }
}

/// An error that left Lua.
///
/// Thrown on into Lua it is raised as the very value it was.
public struct LuaError: DiagnosticError {
    /// A Swift error's own, where a primitive raised it; else made from the Lua value.
    public let diagnostic: Diagnostic
    /// The innermost frame of a recipe: `scripts/boot.lua:12`. Nil where no recipe was running.
    public let location: String?
    /// The frames of recipes and their modules, innermost first.
    public let traceback: [LuaFrame]
    /// The error that led to this one.
    public let cause: (any Error)?
    /// The Swift error that a primitive threw, if it was one.
    public let underlying: (any Error)?
    /// The raised value, pinned; nil where it was not Lua that raised, or memory ran out.
    public let value: LuaValue?

    /// Whether it stopped its task: within the task it is passed on as it is.
    let stops: Bool

    init(
        _ diagnostic: Diagnostic, location: String? = nil, traceback: [LuaFrame] = [],
        cause: (any Error)? = nil, underlying: (any Error)? = nil, value: LuaValue? = nil,
        stops: Bool = false
    ) {
        self.diagnostic = diagnostic
        self.location = location
        self.traceback = traceback
        self.cause = cause
        self.underlying = underlying
        self.value = value
        self.stops = stops
    }

    /// As those see it who waited for the task; they are not stopped themselves.
    var fromOutside: LuaError {
        guard stops else { return self }
        return LuaError(
            diagnostic, location: location, traceback: traceback, cause: cause,
            underlying: underlying)
    }

    static let closed = LuaError(Diagnostic(.recipeFailed, "cannot call Lua: its state is closed"))
}

/// A diagnostic that another error led to; recipes see it as `err.cause`.
public protocol CausedDiagnosticError: DiagnosticError {
    /// The error that led to this one.
    var cause: (any Error)? { get }
}
