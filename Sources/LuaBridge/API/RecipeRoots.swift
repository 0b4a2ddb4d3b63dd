import QshRuntime

/// The roots that a recipe assembles, for those who only want to look at them.
@LoopActor
public final class RecipeRoots {
    private var objects: [InitramfsObject] = []

    /// Keeps none yet.
    nonisolated public init() {}

    /// Whether the recipe came to a machine, where it was stopped.
    public internal(set) var isDone = false

    func take(_ root: InitramfsObject) { objects.append(root) }

    /// The trees, the last one first.
    public var trees: [InitramfsTree] { objects.reversed().map(\.tree) }
}

/// Ends a recipe of which only the roots are wanted.
struct RecipeStopped: DiagnosticError {
    var diagnostic: Diagnostic {
        Diagnostic(.recipeFailed, "the recipe was stopped at its first machine")
    }
}
