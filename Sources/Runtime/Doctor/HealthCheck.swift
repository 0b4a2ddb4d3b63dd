/// One thing that was looked at on the host, and what was found.
public struct HealthCheck: Sendable, Equatable {
    /// How it stands.
    public enum Status: String, Sendable {
        case ok
        /// Something that qsh offers does not work, or works slower.
        case limited
        /// The main job does not work.
        case missing
    }

    /// What was looked at: `qemu x86_64`, `cache`.
    public var name: String
    /// How it stands.
    public var status: Status
    /// What was found, in one line.
    public var detail: String
    /// A command that cures it; nil where all is well or nothing cures it.
    public var remedy: String?

    /// Makes a result.
    public init(_ name: String, _ status: Status, _ detail: String, remedy: String? = nil) {
        self.name = name
        self.status = status
        self.detail = detail
        self.remedy = remedy
    }

    /// The result as it is printed by `--json`.
    public var json: JSONValue {
        .object([
            "name": .string(name), "status": .string(status.rawValue), "detail": .string(detail),
            "remedy": remedy.map { .string($0) } ?? .null,
        ])
    }
}
