import Glibc
import LuaBridge
import QshRuntime
import SystemPackage

/// Where the text of a recipe comes from.
enum RecipeSource {
    /// Reads the whole text; names the file as the user wrote it.
    static func read(_ source: Invocation.Source) throws(RecipeSourceError) -> LuaChunk {
        switch source {
        case .code(let text): return LuaChunk(text, name: "-e")
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw RecipeSourceError(path: path, errno) }
            defer { close(descriptor) }
            return LuaChunk(try contents(of: descriptor, path), name: path)
        case .standardInput, .interactive, .command:
            return LuaChunk(try contents(of: 0, "stdin"), name: "stdin")
        }
    }

    private static func contents(
        of descriptor: Int32, _ path: String
    ) throws(RecipeSourceError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw RecipeSourceError(path: path, errno)
            }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}

/// A recipe that cannot be read.
struct RecipeSourceError: DiagnosticError, Equatable {
    let path: String
    let reason: Errno

    init(path: String, _ code: Int32) {
        self.path = path
        reason = Errno(rawValue: code)
    }

    var diagnostic: Diagnostic {
        let why =
            switch reason {
            case .isDirectory: "it is a folder"
            default: reason.lowercased
            }
        let command =
            reason == .noSuchFileOrDirectory
            ? nearest(to: path, among: CommandTable.names) : nil
        return Diagnostic(
            .usage, "cannot read recipe `\(path)`: \(why)",
            hint: command.map { "did you mean the command `qsh \($0)`?" })
    }
}
