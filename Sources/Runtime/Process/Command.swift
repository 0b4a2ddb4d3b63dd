import Glibc
import SystemPackage

/// A program with its arguments, as a value: nothing is ever split on spaces.
public struct Command: Sendable, Equatable {
    /// The program, looked up on `PATH` where it has no slash, then its arguments.
    public var arguments: [String]
    /// Variables added to qsh's own environment, or replacing them; nil removes one.
    public var environment: [String: String?]
    /// Where it runs; nil for qsh's own folder.
    public var workingDirectory: FilePath?

    /// Makes a command.
    public init(
        _ arguments: [String], environment: [String: String?] = [:],
        workingDirectory: FilePath? = nil
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    /// The program's name as the user knows it.
    public var program: String { arguments.first ?? "" }

    /// The command line for a POSIX shell, ready to paste.
    public var shellQuoted: String { arguments.map(Self.shellQuoted).joined(separator: " ") }

    /// One word for a POSIX shell: bare where nothing in it is special.
    public static func shellQuoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./=:,+@%".utf8.contains(byte)
            }
        }
        return isPlain ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
    }

    /// The program's path: itself where it has a slash, else the first match on `PATH`.
    public static func locate(_ program: String) -> FilePath? {
        if program.contains("/") { return FilePath(program) }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        for folder in path.split(separator: ":") {
            let candidate = FilePath(String(folder)).appending(program)
            if access(candidate.string, X_OK) == 0 { return candidate }
        }
        return nil
    }

    /// `environ` as the child sees it, `NAME=value` each.
    var mergedEnvironment: [String] {
        var merged: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            let name = text.prefix { $0 != "=" }
            if environment[String(name)] == nil { merged.append(text) }
            next += 1
        }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            if let value { merged.append("\(name)=\(value)") }
        }
        return merged
    }
}
