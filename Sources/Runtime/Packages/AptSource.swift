import SystemPackage

/// A suite of Debian's that the host's own sources do not have.
struct AptSource: Sendable, Equatable {
    let mirror: String
    /// Its name: `trixie`, `bookworm-backports`.
    let suite: String

    /// What everybody can reach who reaches Debian at all.
    static let usualMirror = "http://deb.debian.org/debian"

    /// The line of sources.list(5). The keyring is Debian's package `debian-archive-keyring`;
    /// without it apt looks among the keys it trusts for everything.
    var line: String {
        let isThere = FileTree.isFile(FilePath(Self.keyring))
        return "deb \(isThere ? "[signed-by=\(Self.keyring)] " : "")\(mirror) \(suite) main\n"
    }

    private static let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

    /// The first of the host's mirrors that has all of Debian's suites, by its usual path; a
    /// snapshot or a company's repository has not.
    ///
    /// - Parameter targets: what `apt-get indextargets --format $(REPO_URI)` prints.
    static func mirror(in targets: String) -> String? {
        targets.split(separator: "\n").map { line in
            String(line.last == "/" ? line.dropLast() : line)
        }.first { $0.hasPrefix("http") && $0.hasSuffix("/debian") }
    }
}
