import QshRuntime

extension InitramfsCompression {
    /// Takes what a command line says: `zstd`, or with a level, `zstd:19`.
    init(word: String) throws(InitramfsError) {
        let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
        try self.init(parts.first ?? "", level: parts.count > 1 ? Int(parts[1]) ?? -1 : nil)
    }
}
