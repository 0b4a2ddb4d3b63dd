import QshRuntime

/// Something in a recipe's text that will fail when it runs.
struct RecipeProblem: Equatable {
    /// Counts from 1.
    var line: Int
    /// ``what: why``, as errors are written.
    var message: String
    var hint: String? = nil

    /// The problem in the form of the error that running the recipe would bring.
    var diagnostic: Diagnostic { Diagnostic(.usage, message, hint: hint) }

    func json(_ file: String) -> JSONValue {
        .object([
            "file": .string(file), "line": .integer(Int64(line)), "message": .string(message),
            "hint": hint.map { .string($0) } ?? .null,
        ])
    }
}
