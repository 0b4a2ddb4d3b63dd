import QshRuntime

/// A call from a recipe whose arguments or options are not what the primitive takes.
public enum LuaArgumentError: DiagnosticError {
    /// An argument of the wrong type or form. `got` as ``LuaValue/displayed`` writes it.
    case argument(function: String, index: Int, name: String, expects: String, got: String)
    /// A call with `.` where `:` is meant, or on another object.
    case receiver(function: String, type: String, got: String)
    /// An option of the wrong type or form.
    case option(function: String, key: String, expects: String, got: String)
    /// An option that must be there.
    case missing(function: String, key: String, expects: String)
    /// Keys that the call does not know.
    case unknown(function: String, key: String, nearest: String?, owner: String? = nil)
    /// Values without a key in an options table.
    case positional(function: String, got: String)
    /// A field that an object does not have.
    case field(type: String, key: String, nearest: String?)
    /// Assignment to a field that cannot be set.
    case notSettable(type: String, key: String)

    /// A usage error.
    public var diagnostic: Diagnostic { Diagnostic(.usage, message, hint: hint) }

    private var message: String {
        switch self {
        case .argument(let function, let index, let name, let expects, let got):
            "\(function): argument \(index) (`\(name)`) expects \(expects), got \(got)"
        case .receiver(let function, let type, let got):
            "\(function): expects a \(type) as its receiver, got \(got)"
        case .option(let function, let key, let expects, let got):
            "\(function): option `\(key)` expects \(expects), got \(got)"
        case .missing(let function, let key, let expects):
            "\(function): option `\(key)` is missing: expects \(expects)"
        case .unknown(let function, let key, let nearest, _):
            "\(function): unknown option `\(key)`\(Self.suggestion(nearest))"
        case .positional(let function, let got):
            "\(function): expects `name = value` options only, got \(got) without a name"
        case .field(let type, let key, let nearest):
            "\(type): no field or method `\(key)`\(Self.suggestion(nearest))"
        case .notSettable(let type, let key):
            "\(type): field `\(key)` cannot be assigned"
        }
    }

    private var hint: String? {
        switch self {
        case .receiver: "call the method with `:`, not with `.`"
        case .unknown(_, let key, _, let owner?): "`\(key)` is an option of `\(owner)`"
        default: nil
        }
    }

    private static func suggestion(_ word: String?) -> String {
        word.map { "; did you mean `\($0)`?" } ?? ""
    }
}
