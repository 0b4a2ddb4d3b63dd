/// Something that QEMU says by itself, such as `SHUTDOWN`.
public struct QMPEvent: Sendable, Equatable {
    /// The event's name, as in QEMU's QMP reference.
    public let name: String
    /// What it carries; an empty object where it carries nothing.
    public let data: JSONValue
}

/// One line from QEMU's machine protocol, by its specification (docs/interop/qmp-spec).
enum QMPMessage: Equatable {
    /// The first line: QEMU's version.
    case greeting(version: [Int])
    case result(id: Int64?, JSONValue)
    case failure(id: Int64?, kind: String, description: String)
    case event(QMPEvent)

    /// Reads a line.
    ///
    /// - Returns: nil where it is not JSON, or no message of this protocol.
    init?(line: some Sequence<UInt8>) {
        guard let json = JSONValue(parsing: line) else { return nil }
        if let version = json["QMP"]?["version"]?["qemu"] {
            self = .greeting(
                version: ["major", "minor", "micro"].map { Int(version[$0]?.integer ?? 0) })
        } else if let result = json["return"] {
            self = .result(id: json["id"]?.integer, result)
        } else if let error = json["error"], let kind = error["class"]?.text {
            self = .failure(
                id: json["id"]?.integer, kind: kind, description: error["desc"]?.text ?? kind)
        } else if let name = json["event"]?.text {
            self = .event(QMPEvent(name: name, data: json["data"] ?? [:]))
        } else {
            return nil
        }
    }
}
