import Glibc

/// What uname(2) says about the host.
public enum HostSystem {
    /// `uname -r`.
    public static let release = field(\.release)
    /// `uname -m`.
    public static let machine = field(\.machine)

    private static func field<Tuple>(_ path: KeyPath<utsname, Tuple>) -> String {
        var name = utsname()
        // uname fails for a bad address only.
        guard uname(&name) == 0 else { return "unknown" }
        return withUnsafeBytes(of: name[keyPath: path]) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension Arch {
    /// What the host's kernel runs on; x86_64 where the table does not know the host.
    public static let ofHost = Arch.named(HostSystem.machine) ?? .x86_64
}
