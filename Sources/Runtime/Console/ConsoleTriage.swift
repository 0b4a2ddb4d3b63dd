/// Reads a recorded console for what its kernel reported.
public enum ConsoleTriage {
    /// Returns every event, those that a later `dmesg` repeats included.
    public static func events(in bytes: [UInt8]) -> [CrashEvent] {
        let stream = ConsoleStream(ConsoleConfiguration(), reportsReplays: true)
        var events: [CrashEvent] = []
        stream.onEvent = { event, _ in events.append(event) }
        bytes.withUnsafeBytes { buffer in
            var from = 0
            while from < buffer.count {
                let end = min(from + 65536, buffer.count)
                stream.feed(UnsafeRawBufferPointer(rebasing: buffer[from..<end]))
                stream.trim()
                from = end
            }
        }
        stream.finish()
        return events
    }
}
