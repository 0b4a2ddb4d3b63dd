import Glibc
import QshRuntime
import SystemPackage
import TestSupport

/// Programs named as apt's, on a `PATH` of their own: a mirror that can be made to fail.
final class FakeApt: Sendable {
    let tree: TestTree
    /// What a package unpacks to.
    let contents: TestTree

    var cache: Cache { Cache(root: tree.path.appending("cache")) }
    var environment: HostEnvironment {
        HostEnvironment(["HOME": tree.path.string, "PATH": "\(tree.path)/bin"])
    }

    /// - Parameters:
    ///   - records: what `apt-cache show` prints, by package.
    ///   - download: shell commands in place of `apt-get download`; `$names` are the packages.
    ///   - update: the same for `apt-get update`.
    init(
        records: [String: String] = ["thing": FakeApt.record("thing")],
        download: String = #"for name in $names; do echo deb >"$name.deb"; done"#,
        update: String = "true", unpack: String = ""
    ) throws {
        tree = try TestTree()
        contents = try TestTree()
        for (name, text) in records { try tree.write("lists/\(name)", text) }
        try program("apt-cache", #"for last; do :; done; cat "\#(tree.path)/lists/${last%%:*}""#)
        try program(
            "apt-get",
            """
            names=; command=
            for word; do
                case $word in
                update|download) command=$word;;
                *::*) ;;
                *:*=*) names="$names ${word%%:*}";;
                esac
            done
            echo $command $names >>"\(tree.path)/log"
            case $command in
            update) \(update);;
            download) \(download);;
            esac
            """)
        try program(
            "dpkg-deb",
            """
            \(unpack)
            cp -a "\(contents.path)/." "$3"
            """)
    }

    /// What apt-get was asked to do, a line each.
    var log: [String] {
        let text = (try? String(contentsOfFile: tree.path.appending("log"))) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    static func record(_ name: String, depends: String? = nil, size: Int = 2_500_000) -> String {
        """
        Package: \(name)
        Version: 1:2.0-1
        Architecture: \(Arch.ofHost.debian.architecture)
        \(depends.map { "Depends: \($0)\n" } ?? "")Description: a thing
         that does: nothing
        Size: \(size)


        """
    }

    private func program(_ name: String, _ script: String) throws {
        try tree.write("bin/\(name)", "#!/bin/sh\n\(script)\n", mode: 0o755)
    }
}

extension String {
    fileprivate init(contentsOfFile path: FilePath) throws {
        let descriptor = try FileDescriptor.open(path, .readOnly)
        self = try descriptor.closeAfter {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = try bytes.withUnsafeMutableBytes { try descriptor.read(into: $0) }
            return String(decoding: bytes[..<count], as: UTF8.self)
        }
    }
}
