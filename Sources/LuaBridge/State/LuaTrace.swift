import SystemPackage

/// A traceback as the shim wrote it, taken apart.
struct LuaTrace {
    /// Innermost first.
    let frames: [LuaFrame]
    /// `file:line: ` as Lua puts it before messages, for each frame.
    private let prefixes: [(text: String, location: String)]

    init(_ bytes: [UInt8]) {
        var frames: [LuaFrame] = []
        var prefixes: [(text: String, location: String)] = []
        for record in bytes.split(separator: 31) {
            let parts = record.split(separator: 30, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            guard parts.count == 4, let line = Int(parts[2]) else { continue }
            let name = parts[3].isEmpty ? nil : parts[3]
            let frame = LuaFrame(source: parts[0], line: line, function: name)
            frames.append(frame)
            prefixes.append(("\(parts[1]):\(line): ", frame.location))
        }
        self.frames = frames
        self.prefixes = prefixes
    }

    /// The innermost frame that is not in a library folder; else the innermost of all.
    func location(besides folders: [FilePath]) -> String? {
        let recipe = frames.first { frame in
            !folders.contains { FilePath(frame.source).starts(with: $0) }
        }
        return (recipe ?? frames.first)?.location
    }

    /// Takes the position off a message that Lua's `error` or a runtime error put before it.
    func split(_ message: String) -> (location: String?, message: String) {
        for prefix in prefixes where message.hasPrefix(prefix.text) {
            return (prefix.location, String(message.dropFirst(prefix.text.count)))
        }
        return (nil, message)
    }
}

extension LuaFrame: CustomStringConvertible {
    /// `scripts/boot.lua:12: in function 'start'`.
    public var description: String {
        function.map { "\(location): in function '\($0)'" } ?? "\(location): in main chunk"
    }
}
