import Glibc
import SystemPackage

/// The variables that qsh was started with, as a value that tests can make.
public struct HostEnvironment: Sendable, Equatable {
    private let variables: [String: String]?

    /// The process's own.
    public static let current = HostEnvironment(variables: nil)

    /// Makes one.
    public init(_ variables: [String: String]) { self.init(variables: variables) }

    private init(variables: [String: String]?) { self.variables = variables }

    /// A variable; nil where it is not set or empty, which users and shells mean alike.
    public subscript(name: String) -> String? {
        let value = variables.map { $0[name] } ?? getenv(name).map { String(cString: $0) }
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// All of them that are set and not empty.
    var all: [String: String] {
        if let variables { return variables.filter { !$0.value.isEmpty } }
        var all: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "="), text.index(after: equals) < text.endIndex {
                all[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return all
    }

    /// A program on its `PATH`.
    func locate(_ program: String) -> FilePath? {
        Command.locate(program, path: self["PATH"] ?? "/usr/bin:/bin")
    }
}
