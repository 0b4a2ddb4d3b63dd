import Glibc
import QshRuntime

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
        withStream { stream in
            fwrite(bytes.baseAddress, 1, bytes.count, stream)
            fflush(stream)
        }
    }

    /// Flushes; output that could not be written makes a success a failure.
    static func finish(_ status: Int32) -> Int32 {
        let failure = withStream { stream -> Errno? in
            if fflush(stream) == 0 && ferror(stream) == 0 { return nil }
            return Errno(rawValue: errno == 0 ? EIO : errno)
        }
        guard let failure else { return status }
        let why = failure == .brokenPipe ? "its reader has gone" : failure.lowercased
        StandardError.write(
            DiagnosticRenderer.standardError.render(
                Diagnostic(.recipeFailed, "cannot write to standard output: \(why)")))
        return status == 0 ? Verdict.recipeFailed.exitCode : status
    }

    // `stdout` is a variable of the C library that nothing here assigns.
    private static func withStream<Result>(
        _ body: (UnsafeMutablePointer<FILE>) -> Result
    ) -> Result where Result: ExpressibleByNilLiteral {
        nonisolated(unsafe) let stream = Glibc.stdout
        guard let stream else { return nil }
        return body(stream)
    }

    private static func withStream(_ body: (UnsafeMutablePointer<FILE>) -> Void) {
        nonisolated(unsafe) let stream = Glibc.stdout
        if let stream { body(stream) }
    }
}
