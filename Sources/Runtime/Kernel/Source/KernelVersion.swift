import SystemPackage

/// The version of a kernel's source, as its top Makefile has it.
public struct KernelVersion: Sendable, Equatable {
    /// `6` of 6.1.192-rc1.
    public let major: Int
    /// `1` of 6.1.192-rc1.
    public let minor: Int
    /// The whole of it without local additions: `make kernelversion`.
    public let text: String

    /// Reads `VERSION`, `PATCHLEVEL`, `SUBLEVEL` and `EXTRAVERSION`, which stand in the first
    /// lines.
    ///
    /// - Returns: nil where the first two are not there.
    init?(makefile text: String) {
        var fields: [Substring: String] = [:]
        for line in text.split(separator: "\n").prefix(40) {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let name = line[..<equals].filter { $0 != " " && $0 != "\t" }
            let value = line[line.index(after: equals)...].filter { $0 != " " && $0 != "\t" }
            if fields[name[...]] == nil { fields[name[...]] = value }
        }
        guard let major = fields["VERSION"].flatMap({ Int($0) }),
            let minor = fields["PATCHLEVEL"].flatMap({ Int($0) })
        else { return nil }
        self.major = major
        self.minor = minor
        let sublevel = fields["SUBLEVEL"].flatMap { $0.isEmpty ? nil : ".\($0)" } ?? ""
        self.text = "\(major).\(minor)\(sublevel)\(fields["EXTRAVERSION"] ?? "")"
    }
}
