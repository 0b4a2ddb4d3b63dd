/// Whether the programs of a tree find their interpreters and libraries, as the dynamic linkers of
/// glibc (ld.so(8)) and musl look for them.
struct ProgramCheck {
    private let tree: [InitramfsNode]
    private let index: InitramfsNodeIndex
    private let target: InitramfsLint.Target
    /// Inodes of what the kernel starts by itself: what they miss stops the boot.
    private let started: [Int]
    private let search: LibrarySearch

    init(
        _ tree: [InitramfsNode], _ index: InitramfsNodeIndex, _ target: InitramfsLint.Target,
        started: [Int]
    ) {
        self.tree = tree
        self.index = index
        self.target = target
        self.started = started
        search = LibrarySearch(tree, index)
    }

    func findings() -> [InitramfsFinding] {
        var findings: [InitramfsFinding] = []
        var seen: Set<Int> = []
        for node in tree where node.type == .file && node.mode & 0o111 != 0 {
            guard let elf = node.program, !elf.isObject, seen.insert(node.inode).inserted else {
                continue
            }
            let isForeign =
                target.mismatch(elf.machine) != nil && target.mustRun(elf.machine, at: node.path)
            findings += problems(of: elf, node).map { text in
                let stopsBoot = started.contains(node.inode) || isForeign
                return InitramfsFinding(
                    stopsBoot || target.isStrict ? .error : .warning, at: node.offset, text)
            }
        }
        return findings
    }

    private func problems(of elf: ELFProgram, _ node: InitramfsNode) -> [String] {
        let name = "/" + printable(node.path)
        // The first program's architecture and interpreters are judged with `/init` itself.
        let isStarted = started.contains(node.inode)
        if let mismatch = target.mismatch(elf.machine) {
            return isStarted ? [] : ["`\(name)` \(mismatch)"]
        }
        guard let interpreter = elf.interpreter else { return [] }
        guard index.resolve(interpreter)?.type == .file else {
            if isStarted { return [] }
            return [
                "`\(name)` needs the interpreter `\(printable(interpreter))`, which is not in "
                    + "the initramfs"
            ]
        }
        return search.missing(for: elf, at: node.path).map { library, user in
            let through = user == node.path ? "" : " through `/\(printable(user))`"
            return "`\(name)` needs the library `\(printable(library))`\(through), which is not "
                + "in the initramfs"
        }
    }
}

/// Where libraries are looked for in a tree.
struct LibrarySearch {
    private static let slash = UInt8(ascii: "/")
    /// More than any program has: where a hostile image's web of libraries is cut.
    private static let mostLibraries = 1000

    private let index: InitramfsNodeIndex
    private let folders: [[UInt8]]
    /// Names of all libraries, where a cache of the linker's may say where they are.
    private let cached: Set<[UInt8]>

    init(_ tree: [InitramfsNode], _ index: InitramfsNodeIndex) {
        self.index = index
        var folders = ["lib", "usr/lib", "lib64", "usr/lib64", "usr/local/lib"].map {
            Array($0.utf8)
        }
        // Debian's folders, one for each architecture: `lib/x86_64-linux-gnu`.
        for node in tree where node.type == .directory {
            let text = printable(node.path)
            if text.contains("-linux-"), text.hasPrefix("lib/") || text.hasPrefix("usr/lib/") {
                folders.append(node.path)
            }
        }
        if let list = index.resolve("etc/ld.so.conf".utf8)?.head {
            for line in list.split(separator: UInt8(ascii: "\n")) where line.first == Self.slash {
                folders.append(Array(line.dropFirst()))
            }
        }
        self.folders = folders
        var cached: Set<[UInt8]> = []
        if index.resolve("etc/ld.so.cache".utf8) != nil {
            for node in tree where node.type == .file || node.type == .symlink {
                let name = node.path[((node.path.lastIndex(of: Self.slash) ?? -1) + 1)...]
                cached.insert(Array(name))
            }
        }
        self.cached = cached
    }

    /// Libraries that are not there, each with the path of the file that asks for it.
    func missing(for program: ELFProgram, at path: [UInt8]) -> [(library: [UInt8], user: [UInt8])] {
        var missing: [(library: [UInt8], user: [UInt8])] = []
        var seen: Set<[UInt8]> = []
        var pending = [(elf: program, path: path, inherited: [[UInt8]]())]
        let isMusl = printable(program.interpreter ?? []).contains("ld-musl-")
        while let (elf, user, inherited) = pending.popLast() {
            let own = list(elf.rpath, of: user)
            let first = elf.runpath.isEmpty ? own + inherited : list(elf.runpath, of: user)
            for library in elf.needed where seen.count < Self.mostLibraries {
                guard seen.insert(library).inserted else { continue }
                if isMusl, Self.isPartOfMusl(library) { continue }
                if let found = find(library, elf.machine, first) {
                    if let next = found.program {
                        pending.append((next, found.path, own + inherited))
                    }
                } else if !cached.contains(library) {
                    missing.append((library, user))
                }
            }
        }
        return missing
    }

    private func find(
        _ library: [UInt8], _ machine: Arch.ELFIdentity, _ first: [[UInt8]]
    ) -> InitramfsNode? {
        if library.contains(Self.slash) { return index.resolve(library) }
        for folder in first + folders {
            guard let node = index.resolve(folder + [Self.slash] + library), node.type == .file
            else { continue }
            // The linker goes on past libraries of another architecture.
            if let other = node.program, other.machine != machine { continue }
            return node
        }
        return nil
    }

    /// The folders of a path list, `$ORIGIN` being the folder of who asks.
    private func list(_ paths: [UInt8], of user: [UInt8]) -> [[UInt8]] {
        let origin = "/" + printable(user[..<(user.lastIndex(of: Self.slash) ?? 0)])
        return paths.split(separator: UInt8(ascii: ":")).map { part in
            let text = String(decoding: part, as: UTF8.self)
                .replacing("${ORIGIN}", with: origin).replacing("$ORIGIN", with: origin)
            return Array(text.utf8)
        }
    }

    /// musl's linker brings these itself, whatever files there are.
    private static func isPartOfMusl(_ library: [UInt8]) -> Bool {
        let text = printable(library)
        return ["c", "pthread", "rt", "m", "dl", "util", "xnet"].contains {
            text.hasPrefix("lib\($0).")
        }
    }
}
