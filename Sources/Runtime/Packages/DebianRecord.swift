/// One package as apt's lists describe it.
///
/// Parsed from `apt-cache show`: stanzas of `Field: value` lines with folded continuations
/// (deb-control(5)).
struct DebianRecord: Sendable, Equatable {
    let name: String
    let version: String
    let architecture: String
    /// Length of the `.deb` file in bytes.
    let size: UInt64
    /// The first alternative of each dependency, `Pre-Depends` included, without versions.
    let depends: [String]

    /// What `apt-get download` takes to fetch this very version.
    var specification: String {
        architecture == "all" ? "\(name)=\(version)" : "\(name):\(architecture)=\(version)"
    }

    /// Reads the first stanza.
    init?(_ text: String) {
        var fields: [Substring: Substring] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty && !fields.isEmpty { break }
            guard let colon = line.firstIndex(of: ":"), line.first != " " else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields[line[..<colon]] = value
        }
        guard let name = fields["Package"], let version = fields["Version"],
            let architecture = fields["Architecture"],
            let size = fields["Size"].flatMap({ UInt64($0) })
        else { return nil }
        self.name = String(name)
        self.version = String(version)
        self.architecture = String(architecture)
        self.size = size
        let all = [fields["Pre-Depends"], fields["Depends"]].compactMap(\.self)
        depends = all.joined(separator: ",").split(separator: ",").compactMap { dependency in
            dependency.split { " |(:".contains($0) }.first.map(String.init)
        }
    }
}
