/// Permission bits of a file in an image: 0 to 07777, set-id and sticky included.
public struct FileMode: Sendable, Hashable {
    /// The bits.
    public let bits: UInt16

    /// Keeps the twelve permission bits of `bits`.
    public init(_ bits: UInt16) {
        self.bits = bits & 0o7777
    }

    /// Parses octal text as `chmod` takes it: "755", "0755", "4755".
    public init(parsing text: String) throws(InitramfsError) {
        let digits = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
        guard digits, text.utf8.count <= 5, let bits = UInt16(text, radix: 8), bits <= 0o7777 else {
            throw .badMode(text)
        }
        self.bits = bits
    }

    /// What a directory gets where nothing is said.
    public static let directory = FileMode(0o755)
    /// What a file gets where nothing is said.
    public static let file = FileMode(0o644)
    /// What a program gets where nothing is said.
    public static let program = FileMode(0o755)
    /// What every symlink has.
    public static let symlink = FileMode(0o777)
}
