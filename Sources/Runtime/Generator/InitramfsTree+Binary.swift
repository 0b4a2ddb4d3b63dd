import SystemPackage

extension InitramfsTree {
    /// Adds a program with all that it needs to run: interpreter, libraries and theirs, found as
    /// ld.so(8) finds them, and what is loaded only while it runs.
    ///
    /// Paths and symlinks are kept as they are on the host. A script brings its interpreter.
    ///
    /// - Parameters:
    ///   - name: a path in `root`, or a name to be found in its usual folders.
    ///   - root: the folder that is taken for `/`; the host's own by default.
    ///   - place: another path in the image for the program itself.
    ///   - arch: what the image is for.
    ///   - reason: why, for ``why(_:)``.
    /// - Returns: what could not be had and may be missed, one sentence each.
    /// - Throws: ``GeneratorError``, ``InitramfsError``.
    @discardableResult
    public mutating func addBinary(
        _ name: String, root: FilePath = "/", at place: String? = nil, arch: Arch = .ofHost,
        reason: PickReason = PickReason(.program, "the recipe asks for it")
    ) throws -> [String] {
        var closure = BinaryClosure(root: HostRoot(root.string), arch: arch)
        try closure.add(name, at: place, to: &self, reason)
        return closure.remarks
    }
}

/// The libraries of some programs, each looked at once.
struct BinaryClosure {
    /// What may be missed at run time; the reader may take it out.
    var remarks: [String] = []

    private let root: HostRoot
    private let arch: Arch
    private var hook: String
    private let placement: ProgramPlacement
    private let folders: LibraryFolders
    /// By the name they are asked for: the linker takes the first of a name.
    private var libraries: Set<String> = []
    private var pending: [Item] = []

    /// An object that was placed, with the folders of `DT_RPATH` that it hands on.
    private struct Item {
        var elf: ELFFile
        var host: String
        var image: InitramfsPath
        var inherited: [String]
    }

    init(root: HostRoot, arch: Arch) {
        self.root = root
        self.arch = arch
        hook = ""
        placement = ProgramPlacement(root: root)
        folders = LibraryFolders(root, arch)
    }

    mutating func add(
        _ name: String, at place: String?, to tree: inout InitramfsTree, _ reason: PickReason,
        depth: Int = 0
    ) throws {
        hook = reason.hook
        let path = try locate(name)
        if depth > 4 { throw GeneratorError.scriptLoop(path) }
        let placed: (image: InitramfsPath, host: String)
        if let place {
            guard let host = root.real(path)?.path else { return }
            try tree.addFile(place, from: FilePath(host))
            let image = try InitramfsPath(place)
            tree.explain(image, reason)
            placed = (image, host)
        } else {
            placed = try placement.add(path, to: &tree, reason)
        }
        guard let elf = try ELFFile(placed.host) else {
            return try addInterpreter(ofScript: placed.host, placed.image, path, &tree, depth)
        }
        if let got = foreign(elf) {
            throw GeneratorError.foreignProgram(path, got: got, expected: arch.name)
        }
        if let interpreter = elf.program.interpreter {
            try addInterpreter(
                String(decoding: interpreter, as: UTF8.self), of: placed.image, &tree)
        }
        pending = [Item(elf: elf, host: placed.host, image: placed.image, inherited: [])]
        while let item = pending.popLast() { try addLibraries(of: item, &tree) }
    }

    private func locate(_ name: String) throws -> String {
        if name.contains("/") {
            let isHost = root == .host
            let path =
                name.hasPrefix("/")
                ? name : isHost ? FileTree.absolute(FilePath(name)).string : "/\(name)"
            guard let real = root.real(path) else {
                throw GeneratorError.noProgram(name, looked: "`\(root.folder)/`")
            }
            if real.kind != .file {
                throw InitramfsError.hostFileWrongKind(
                    FilePath(real.path), got: real.kind == .folder ? "a directory" : "no file")
            }
            return path
        }
        guard let path = root.program(name) else {
            throw GeneratorError.noProgram(
                name, looked: "the program folders of `\(root.folder)/`")
        }
        return path
    }

    private mutating func addInterpreter(
        ofScript host: String, _ image: InitramfsPath, _ path: String, _ tree: inout InitramfsTree,
        _ depth: Int
    ) throws {
        let head = try HostFile.contents(of: FilePath(host), limit: 256)
        guard head.starts(with: "#!".utf8) else { return }
        let line = String(decoding: head.dropFirst(2).prefix { $0 != 0x0a }, as: UTF8.self)
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        // env(1) looks for the program that is to be run.
        let isEnvironment = words.first?.hasSuffix("/env") == true
        for word in isEnvironment ? Array(words.prefix(2)) : Array(words.prefix(1)) {
            if let name = try? InitramfsPath(word), tree.entry(at: name) != nil { continue }
            guard word.contains("/") ? root.isFile(word) : root.program(word) != nil else {
                throw GeneratorError.noInterpreter(word, neededBy: path)
            }
            try add(
                word, at: nil, to: &tree,
                PickReason(.program, "interpreter of", hook: hook, because: image),
                depth: depth + 1)
        }
    }

    private func addInterpreter(
        _ path: String, of image: InitramfsPath, _ tree: inout InitramfsTree
    ) throws {
        guard root.isFile(path) else {
            throw GeneratorError.noInterpreter(path, neededBy: image.display)
        }
        _ = try placement.add(
            path, to: &tree,
            PickReason(.library, "dynamic linker of", hook: hook, because: image))
    }

    private func foreign(_ elf: ELFFile) -> String? {
        let machine = elf.program.machine
        return machine == arch.elf ? nil : machine.machineName
    }
}

extension BinaryClosure {
    private mutating func addLibraries(of item: Item, _ tree: inout InitramfsTree) throws {
        let program = item.elf.program
        let own = expand(program.rpath, item.host)
        // With a DT_RUNPATH, DT_RPATH is not looked at: ld.so(8).
        let inherited = program.runpath.isEmpty ? own + item.inherited : []
        let first = inherited + expand(program.runpath, item.host)
        let needed = program.needed.map { String(decoding: $0, as: UTF8.self) }
        for name in needed where libraries.insert(name).inserted {
            let reason = PickReason(.library, "library of", hook: hook, because: item.image)
            guard try addLibrary(name, first, inherited, reason, &tree) else {
                throw GeneratorError.noLibrary(
                    name, neededBy: item.image.display,
                    looked: first + folders.configured
                        + folders.trusted, foreign: foreign(name, first))
            }
        }
        for library in item.elf.runtimeLibraries where library.priority != .suggested {
            try addRuntime(library, first, inherited, item, &tree)
        }
        if item.elf.endsThreads, libraries.insert("libgcc_s.so.1").inserted {
            let reason = PickReason(
                .library, "loaded where a thread ends, by", hook: hook, because: item.image)
            if try !addLibrary("libgcc_s.so.1", first, inherited, reason, &tree) {
                remarks.append(
                    "`libgcc_s.so.1` was not found: `\(item.image.display)` aborts where it ends "
                        + "a thread")
            }
        }
    }

    private mutating func addRuntime(
        _ library: ELFFile.RuntimeLibrary, _ first: [String], _ inherited: [String], _ item: Item,
        _ tree: inout InitramfsTree
    ) throws {
        if library.names.contains(where: libraries.contains) { return }
        let purpose = library.purpose.isEmpty ? "" : " (\(library.purpose))"
        let reason = PickReason(
            .library, "loaded at run time\(purpose) by", hook: hook, because: item.image)
        for name in library.names where try addLibrary(name, first, inherited, reason, &tree) {
            libraries.insert(name)
            return
        }
        let names = library.names.joined(separator: "` or `")
        if library.priority == .required {
            throw GeneratorError.noLibrary(
                library.names[0], neededBy: item.image.display,
                looked: first + folders.configured + folders.trusted, foreign: [])
        }
        remarks.append("`\(names)` was not found: `\(item.image.display)` wants it\(purpose)")
    }

    private mutating func addLibrary(
        _ name: String, _ first: [String], _ inherited: [String], _ reason: PickReason,
        _ tree: inout InitramfsTree
    ) throws -> Bool {
        for path in candidates(name, first) {
            guard let real = root.real(path), real.kind == .file,
                let elf = try? ELFFile(real.path), foreign(elf) == nil
            else { continue }
            let placed = try placement.add(path, to: &tree, reason)
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            if !first.contains("/\(folder)"), folders.configured.contains("/\(folder)"),
                let trusted = folders.trusted.last
            {
                // The image has no ld.so.cache, by which the host finds it.
                let link = try InitramfsPath("\(trusted)/\(name)")
                if tree.entry(at: link) == nil {
                    try tree.addSymlink(link.display, target: placed.image.display)
                    tree.explain(link, reason)
                }
            }
            pending.append(
                Item(elf: elf, host: placed.host, image: placed.image, inherited: inherited))
            return true
        }
        return false
    }

    private func candidates(_ name: String, _ first: [String]) -> [String] {
        if name.contains("/") { return [name] }
        return (first + folders.configured + folders.trusted).map { "\($0)/\(name)" }
    }

    private func foreign(_ name: String, _ first: [String]) -> [String] {
        candidates(name, first).filter { path in
            guard let real = root.real(path), real.kind == .file,
                let elf = try? ELFFile(real.path)
            else { return false }
            return foreign(elf) != nil
        }
    }

    /// The folders of a search path, `$ORIGIN` and `$LIB` replaced; relative ones are left out.
    private func expand(_ list: [UInt8], _ host: String) -> [String] {
        let real = host.split(separator: "/").dropLast().joined(separator: "/")
        let origin = "/" + real.dropFirst(max(0, root.folder.utf8.count))
        return list.split(separator: UInt8(ascii: ":")).map { part in
            var text = String(decoding: part, as: UTF8.self)
            for (name, value) in [("ORIGIN", origin), ("LIB", "lib")] {
                text = text.replacing("${\(name)}", with: value)
                    .replacing("$\(name)", with: value)
            }
            return Self.normal(text)
        }.filter { $0.hasPrefix("/") && !$0.contains("$") }
    }

    private static func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}
