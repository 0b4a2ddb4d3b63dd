/// Who made an image and from which parts, as far as the image itself says.
public struct InitramfsMaker: Sendable, Equatable {
    /// The generator: `mkinitcpio`, `dracut`, `initramfs-tools`, `booster`, `qsh`; nil where none
    /// of them left its marks.
    public var name: String?
    /// Its hooks or modules, in their order where the image tells.
    public var hooks: [String] = []

    /// Files by which makers describe what they did; the reader keeps their first bytes.
    static let descriptions: Set<[UInt8]> = Set(
        [
            "buildconfig", "config", "etc/qsh/hooks", "lib/dracut/modules.txt",
            "usr/lib/dracut/modules.txt", "etc/ld.so.conf",
        ].map { Array($0.utf8) })

    /// Looks for the marks.
    init(_ index: InitramfsNodeIndex, _ tree: [InitramfsNode]) {
        func text(_ path: String) -> String? {
            index.resolve(path.utf8).map { String(decoding: $0.head, as: UTF8.self) }
        }
        if let list = text("etc/qsh/hooks") {
            name = "qsh"
            hooks = Self.words(list)
        } else if let list = text("usr/lib/dracut/modules.txt") ?? text("lib/dracut/modules.txt") {
            name = "dracut"
            hooks = Self.words(list)
        } else if let built = text("buildconfig") {
            name = "mkinitcpio"
            hooks = Self.assignment("HOOKS", in: built)
        } else if index[Array("etc/booster.init.yaml".utf8)] != nil {
            name = "booster"
        } else if index[Array("conf/initramfs.conf".utf8)] != nil {
            name = "initramfs-tools"
            hooks = Self.names(below: "scripts/", in: tree, depth: 2)
                .filter { $0 != "ORDER" && $0 != "functions" }
        }
        if hooks.isEmpty, name == nil || name == "mkinitcpio" {
            let found = Self.names(below: "hooks/", in: tree, depth: 1)
            if !found.isEmpty { (name, hooks) = ("mkinitcpio", found) }
        }
    }

    private static func words(_ text: String) -> [String] {
        text.split { $0.isWhitespace }.map(String.init)
    }

    /// `HOOKS=(base udev)` or `HOOKS="base udev"` of a shell script; the last one counts.
    private static func assignment(_ name: String, in text: String) -> [String] {
        let line = text.split(whereSeparator: \.isNewline).last { $0.hasPrefix(name + "=") }
        guard let value = line?.dropFirst(name.count + 1) else { return [] }
        return words(value.filter { !"()\"'".contains($0) })
    }

    /// Names of files at `depth` or less below a folder, each once.
    private static func names(
        below folder: String, in tree: [InitramfsNode], depth: Int
    ) -> [String] {
        var found: Set<String> = []
        for node in tree where node.type == .file && node.path.starts(with: folder.utf8) {
            let parts = node.path.dropFirst(folder.utf8.count).split(separator: UInt8(ascii: "/"))
            if parts.count <= depth, let last = parts.last { found.insert(printable(last)) }
        }
        return found.sorted()
    }
}
