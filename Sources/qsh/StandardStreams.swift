import CLinux
import Glibc
import QshRuntime
import SystemPackage

/// Standard error, one write for each message so that messages of two processes do not mix.
enum StandardError {
    static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// Standard output, which Lua's `print` and `io.write` share with the consoles that are echoed.
enum StandardOutput {
    static func write(_ bytes: UnsafeRawBufferPointer) {
        q_stdout_write(bytes.baseAddress, bytes.count)
    }

    static func write(_ text: String) {
        Array(text.utf8).withUnsafeBytes { write($0) }
    }

    static func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { write($0) }
    }

    /// One line of JSON.
    static func write(_ value: JSONValue) {
        write(value.bytes + [UInt8(ascii: "\n")])
    }

    /// Flushes; output that could not be written makes a success a failure.
    static func finish(_ status: Int32) -> Int32 {
        let code = q_stdout_finish()
        guard code != 0 else { return status }
        let why =
            switch code {
            case EPIPE: "its reader has gone"
            case EBADF: "it is closed"
            default: Errno(rawValue: code).lowercased
            }
        StandardError.write(
            DiagnosticRenderer.standardError.render(
                Diagnostic(.recipeFailed, "cannot write to standard output: \(why)")))
        return status == 0 ? Verdict.recipeFailed.exitCode : status
    }
}
