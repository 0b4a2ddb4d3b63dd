import QshRuntime
import SystemPackage

/// Lua source text with its name.
public struct LuaChunk: Sendable {
    /// The text; a first line that starts with `#` is skipped.
    public var source: [UInt8]
    /// As locations show it: `scripts/boot.lua`, `stdin`.
    public var name: String

    /// Makes a chunk.
    public init(_ source: [UInt8], name: String) {
        self.source = source
        self.name = name
    }

    /// Makes a chunk from text.
    public init(_ source: String, name: String) {
        self.init(Array(source.utf8), name: name)
    }
}
