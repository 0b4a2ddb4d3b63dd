import CLinux
import SystemPackage

/// Folders of a source that a build for an architecture does not read: a third of all files, which
/// are left out where it is told whether anything has changed.
struct KernelUnreadFolders: Sendable, Equatable {
    /// From the top of the source.
    let names: [String]
    /// Architectures whose folders are among them.
    private let arches: Set<String>

    init(_ source: FilePath, _ arch: Arch, besides out: FilePath) {
        // Where a path looks like one of them, ``read(in:)`` could not tell.
        if ["/arch/", "/Documentation/"].contains(where: "\(source)/ \(out)/".contains) {
            (names, arches) = ([], [])
            return
        }
        var names = Self.folders(source, "Documentation").filter { $0 != "Documentation/sunrpc" }
        var arches: [String] = []
        // Device trees are read across architectures; x86 has no use for them.
        if arch.kernel.sourceFolder == "x86" {
            arches = FileTree.names(in: source.appending("arch"))
                .filter { !["x86", "um"].contains($0) }
            // crypto/Kconfig reads arch/*/crypto/Kconfig.
            for arch in arches {
                names += Self.folders(source, "arch/\(arch)").filter { !$0.hasSuffix("/crypto") }
            }
        }
        self.names = names
        self.arches = Set(arches)
    }

    private static func folders(_ source: FilePath, _ name: String) -> [String] {
        FileTree.entries(of: "\(source)/\(name)").filter(\.isFolder).map { "\(name)/\($0.name)" }
    }

    /// The first file in one of them that a build has read after all, by what compilers have told
    /// kbuild; nil where there is none.
    func read(in out: FilePath) -> String? {
        var found: String?
        KernelBuildState.visitCommandFiles(in: out) { folder, name in
            guard found == nil, let bytes = KconfigFile.contents("\(folder)/\(name)") else {
                return
            }
            found = bytes.withUnsafeBytes { text in
                words(after: "/arch/", in: text).first { word in
                    arches.contains { word.hasPrefix($0 + "/") && !word.hasPrefix($0 + "/crypto/") }
                }.map { "arch/" + $0 }
                    ?? words(after: "/Documentation/", in: text).first.map { "Documentation/" + $0 }
            }
        }
        return found
    }

    /// What follows a mark, to the next blank, each once.
    private func words(after mark: String, in text: UnsafeRawBufferPointer) -> Set<String> {
        var words: Set<String> = []
        var at = 0
        while at < text.count {
            let rest = UnsafeRawBufferPointer(rebasing: text[at...])
            let next = q_find(rest.baseAddress, rest.count, mark, mark.utf8.count)
            if next < 0 { break }
            let start = at + Int(next) + mark.utf8.count
            let end = text[start...].firstIndex { $0 <= 0x20 || $0 == 0x29 } ?? text.endIndex
            words.insert(String(decoding: text[start..<end], as: UTF8.self))
            at = start
        }
        return words
    }
}
