import QshRuntime

/// Whose bytes are printed.
public struct EchoedConsole: Sendable {
    /// The machine's name.
    public let name: String
    /// The file that has all of it, if there is one.
    public let transcript: String?
}

/// What the API needs of the program around it; the only way out for anything printed.
public struct QshServices: Sendable {
    /// Whether standard input and output are a terminal, so that a prompt can be handed over.
    public var isInteractive = false
    /// Prints bytes of a console on standard output.
    public var echo: @LoopActor @Sendable (EchoedConsole, UnsafeRawBufferPointer) -> Void = {
        _, _ in
    }
    /// Whether a machine's console is printed where the recipe does not say.
    public var echoesByDefault = false
    /// Opens a prompt in the middle of a recipe, with the variables of the coroutine in sight, and
    /// waits until the user has left it. Nil where there is none.
    public var openPrompt: (@LoopActor @Sendable (LuaValue) async throws -> Void)?
    /// Says one line about what is done and why; silent with `--quiet`.
    public var note: @LoopActor @Sendable (String) -> Void = { _ in }

    /// Says one line more than most want to know; only with `--verbose`.
    public var detail: @LoopActor @Sendable (String) -> Void = { _ in }
    /// Shows how far long work has come; nil ends it.
    public var progress: @LoopActor @Sendable (ProgressReport?) -> Void = { _ in }
    /// qsh's own variables, read once: `PATH`, `QSH_QEMU`.
    public var environment: [String: String] = [:]
    /// Of the user's terminal, told to the guest when it boots; nil where there is none.
    public var terminalSize: TerminalSize?
    /// Told of each console, with its machine's name.
    public var onConsole: @LoopActor @Sendable (String, Console) -> Void = { _, _ in }
    /// The recipe's `qsh.timeout_scale`.
    var timeoutScale: @LoopActor @Sendable () throws -> Double = { 1 }
    /// Where roots are kept for `qsh why`, which runs a recipe up to its first machine.
    public var roots: RecipeRoots?

    /// Makes services that are silent.
    public init() {}
}
