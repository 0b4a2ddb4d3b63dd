/// Debian's releases by their code names, oldest first.
public enum DebianSuite: String, Sendable, CaseIterable {
    case bookworm
    case trixie
    case forky
    /// What is not released; every architecture gets there first.
    case sid

    /// What `/etc/os-release` of a Debian says (os-release(5)); nil for another distribution, an
    /// older release, and a newer one than is known here.
    init?(_ host: OSRelease) {
        guard host["ID"] == "debian" else { return nil }
        // Debian sid before its next release's name is settled has none.
        self.init(rawValue: host["VERSION_CODENAME"] ?? "sid")
    }

    /// The host's.
    public static let ofHost = OSRelease.ofHost.flatMap { DebianSuite($0) }
}

extension DebianSuite: Comparable {
    /// Whether one was released before the other.
    public static func < (left: DebianSuite, right: DebianSuite) -> Bool {
        allCases.firstIndex(of: left) ?? 0 < allCases.firstIndex(of: right) ?? 0
    }
}

extension Arch.DebianNames {
    /// The suite to ask in place of the host's sources; nil where those have the architecture.
    func foreignSuite(host: DebianSuite) -> DebianSuite? {
        if suites.contains(host) { return nil }
        return host < suites.lowerBound ? suites.lowerBound : suites.upperBound
    }
}
