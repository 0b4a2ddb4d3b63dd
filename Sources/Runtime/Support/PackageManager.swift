import SystemPackage

/// A distribution's way to install software, for hints that can be pasted.
public enum PackageManager: String, Sendable, CaseIterable {
    case apt, dnf, pacman, zypper

    /// The host's, as `/etc/os-release` tells (os-release(5)); nil for a distribution not known.
    public static let ofHost = OSRelease.ofHost.flatMap { PackageManager($0) }

    /// Reads `ID` and, where that says nothing, `ID_LIKE`.
    public init?(osRelease text: String) { self.init(OSRelease(text)) }

    private init?(_ fields: OSRelease) {
        let names = [fields["ID"], fields["ID_LIKE"]].compactMap { $0 }
            .flatMap { $0.split(separator: " ") }
        for name in names {
            if let found = Self.distributions[String(name)] {
                self = found
                return
            }
        }
        return nil
    }

    /// The command that installs packages, with as little as possible beside them.
    public func installCommand(_ packages: [String]) -> String {
        let command =
            switch self {
            // QEMU's recommended packages are three times its own size.
            case .apt: "sudo apt-get install --no-install-recommends"
            case .dnf: "sudo dnf install"
            case .pacman: "sudo pacman -S --needed"
            case .zypper: "sudo zypper install --no-recommends"
            }
        return ([command] + packages).joined(separator: " ")
    }

    private static let distributions: [String: PackageManager] = [
        "debian": .apt, "ubuntu": .apt, "fedora": .dnf, "rhel": .dnf, "centos": .dnf,
        "arch": .pacman, "suse": .zypper, "opensuse": .zypper, "opensuse-tumbleweed": .zypper,
        "opensuse-leap": .zypper, "sles": .zypper,
    ]
}
