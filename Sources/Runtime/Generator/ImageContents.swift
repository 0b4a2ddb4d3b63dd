import CLinux
import SystemPackage

/// What of an image's contents tells of other files in it: its modules' own words, and its texts.
struct ImageContents {
    /// Longer ones are data; Debian's longest script has 20 KiB.
    private static let longestText = 256 << 10

    private(set) var modules: [(node: InitramfsNode, info: ModuleInfo)] = []
    private(set) var texts: [(node: InitramfsNode, bytes: [UInt8])] = []

    /// Reads the image once more, one file's bytes in memory at a time.
    init(of image: FilePath, _ tree: [InitramfsNode]) throws(InitramfsError) {
        var wanted: [Int: InitramfsNode] = [:]
        for node in tree where Self.tells(node) && wanted[node.inode] == nil {
            wanted[node.inode] = node
        }
        var open: (inode: Int, bytes: [UInt8])?
        var found: [Int: Content] = [:]
        func finish() {
            guard let (inode, bytes) = open, let node = wanted[inode] else { return }
            found[inode] = Content(of: node, bytes)
        }
        var options = InitramfsReader.Options()
        options.onStart = { inode, _ in
            finish()
            open = wanted[inode] == nil ? nil : (inode, [])
        }
        options.onContent = { inode, piece in
            if open?.inode == inode { open?.bytes += piece }
        }
        _ = try InitramfsReader.read(image, options)
        finish()
        for node in tree where wanted[node.inode]?.path == node.path {
            switch found[node.inode] {
            case .module(let info): modules.append((node, info))
            case .text(let bytes): texts.append((node, bytes))
            case nil: break
            }
        }
    }

    private enum Content {
        case module(ModuleInfo)
        case text([UInt8])

        init?(of node: InitramfsNode, _ bytes: [UInt8]) {
            if let file = KernelModuleFile(printable(node.path)) {
                guard let info = try? file.info(decompressing: bytes) else { return nil }
                self = .module(info)
            } else {
                guard !bytes.contains(0) else { return nil }
                self = .text(Self.withoutComments(bytes))
            }
        }

        /// What a comment names is not used: of shell, udev's rules and every other text that is
        /// met in images. The first line of a script stays.
        private static func withoutComments(_ bytes: [UInt8]) -> [UInt8] {
            let lines = bytes.split(
                separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let said = lines.filter { line in
                let start = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                return start.first != UInt8(ascii: "#")
                    || line.startIndex == 0 && line.starts(with: "#!".utf8)
            }
            return Array(said.joined(separator: [UInt8(ascii: "\n")]))
        }
    }

    private static func tells(_ node: InitramfsNode) -> Bool {
        guard node.type == .file else { return false }
        if KernelModuleFile(printable(node.path)) != nil { return true }
        return node.program == nil && node.size > 0 && node.size <= longestText
            && !isIndex(node.path) && ImageEvidence.records[printable(node.path)] == nil
    }

    /// The module tools' own lists name every module, which is no reason for any of them.
    private static func isIndex(_ path: [UInt8]) -> Bool {
        path.split(separator: UInt8(ascii: "/")).last?.starts(with: "modules.".utf8) == true
    }

    /// The first text with this word, with nothing of a name on either side; `/init` before
    /// others, since all begins there.
    func text(naming word: String, except seen: Set<[UInt8]>) -> InitramfsNode? {
        // `[`, `ls` and the like are in every text.
        guard word.utf8.count > 2 else { return nil }
        let others = texts.filter { !seen.contains($0.node.path) }
        let first = others.filter { $0.node.path.elementsEqual("init".utf8) }
        return (first + others).first { Self.contains($0.bytes, word: Array(word.utf8)) }?.node
    }

    private static func contains(_ bytes: [UInt8], word: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { text in
            guard let base = text.baseAddress else { return false }
            var from = 0
            while let hit = qlinux_memmem(base + from, text.count - from, word, word.count) {
                let start = UnsafeRawPointer(hit) - base
                let end = start + word.count
                let isWhole =
                    (start == 0 || !isOfName(text[start - 1]))
                    && (end == text.count || !isOfName(text[end]))
                if isWhole { return true }
                from = start + 1
            }
            return false
        }
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...0xFF:
            true
        default: "_-.".utf8.contains(byte)
        }
    }
}
