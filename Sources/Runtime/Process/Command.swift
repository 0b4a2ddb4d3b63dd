import Glibc
import SystemPackage

/// A host command as a value: program, arguments, and what its surroundings are.
public struct Command: Sendable, Equatable {
    /// The program (looked up on `PATH` unless it holds a slash) and its arguments, any bytes but
    /// NUL.
    public var words: [[UInt8]]
    /// Variables added to qsh's own environment, or replacing them; nil removes one.
    public var environment: [String: String?]
    /// Where it runs; nil for qsh's own folder.
    public var workingDirectory: FilePath?

    /// Makes a command.
    public init(
        _ arguments: [String], environment: [String: String?] = [:],
        workingDirectory: FilePath? = nil
    ) {
        self.init(
            words: arguments.map { Array($0.utf8) }, environment: environment,
            workingDirectory: workingDirectory)
    }

    /// Makes a command of bytes that need not be UTF-8, such as file names.
    public init(
        words: [[UInt8]], environment: [String: String?] = [:], workingDirectory: FilePath? = nil
    ) {
        self.words = words
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    /// Program and arguments as text; bytes that are no UTF-8 show as U+FFFD.
    public var arguments: [String] {
        get { words.map { String(decoding: $0, as: UTF8.self) } }
        set { words = newValue.map { Array($0.utf8) } }
    }

    /// The program's name as the user knows it.
    public var program: String { arguments.first ?? "" }

    /// The program's path: itself where it has a slash, else the first match on `PATH`.
    public static func locate(_ program: String) -> FilePath? {
        locate(program, path: getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin")
    }

    /// The program's path: itself where it has a slash, else the first match in `path`, which is
    /// written as the variable `PATH` is.
    public static func locate(_ program: String, path: String) -> FilePath? {
        if program.contains("/") { return FilePath(program) }
        if program.isEmpty { return nil }
        return path.split(separator: ":").lazy
            .map { FilePath(String($0)).appending(program) }
            .first { isProgram($0) }
    }

    static func isProgram(_ path: FilePath) -> Bool {
        var status = stat()
        return path.withPlatformString { text in
            guard stat(text, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
            return access(text, X_OK) == 0
        }
    }

    /// Where the program is for this command, whose own `PATH` counts if it has one.
    var location: FilePath? {
        if let path = environment["PATH"], let path {
            return Self.locate(program, path: path)
        }
        return Self.locate(program)
    }

    /// `environ` as the child sees it, `NAME=value` each.
    var mergedEnvironment: [[UInt8]] {
        var merged: [[UInt8]] = []
        var next = environ
        while let entry = next.pointee {
            let bytes = UnsafeRawBufferPointer(start: entry, count: strlen(entry))
            let name = String(decoding: bytes.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
            if environment[name] == nil { merged.append(Array(bytes)) }
            next += 1
        }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            if let value { merged.append(Array("\(name)=\(value)".utf8)) }
        }
        return merged
    }

    /// Whether the kernel could be given it at all: C strings end at a NUL.
    var holdsNUL: Bool {
        words.contains { $0.contains(0) }
            || environment.contains { $0.key.utf8.contains(0) || ($0.value ?? "").utf8.contains(0) }
    }
}
