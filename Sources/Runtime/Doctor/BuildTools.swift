import SystemPackage

/// What building a kernel needs of the host, by what each thing is looked for.
enum BuildTools {
    private struct Need {
        let name: String
        /// One of these programs, or else this header.
        let programs: [String]
        var header: FilePath?
        let package: String
    }

    private static let needs = [
        Need(name: "make", programs: ["make"], package: "make"),
        Need(name: "compiler", programs: ["gcc", "clang"], package: "gcc"),
        Need(name: "flex", programs: ["flex"], package: "flex"),
        Need(name: "bison", programs: ["bison"], package: "bison"),
        Need(name: "bc", programs: ["bc"], package: "bc"),
        Need(name: "perl", programs: ["perl"], package: "perl"),
        Need(name: "depmod", programs: ["depmod", "/sbin/depmod"], package: "kmod"),
        Need(
            name: "libelf", programs: [], header: "/usr/include/libelf.h", package: "libelf-dev"),
        Need(
            name: "libssl", programs: [], header: "/usr/include/openssl/ssl.h",
            package: "libssl-dev"),
    ]

    /// One result for all: a list of nine tools that are there tells nobody anything.
    static func check(path: String) -> [HealthCheck] {
        let missing = needs.filter { need in
            let hasProgram = need.programs.contains { Command.locate($0, path: path) != nil }
            let hasHeader = need.header.map { FileTree.isFile($0) } ?? false
            return !hasProgram && !hasHeader
        }
        guard !missing.isEmpty else {
            return [HealthCheck("kernel builds", .ok, "every tool is there")]
        }
        let names = missing.map(\.name).joined(separator: ", ")
        return [
            HealthCheck(
                "kernel builds", .limited, "missing: \(names)",
                remedy: PackageManager.ofHost == .apt
                    ? PackageManager.apt.installCommand(missing.map(\.package)) : nil)
        ]
    }
}
