/// What the files of an image say of each other.
struct ImageEvidence {
    /// Another file that a file is there for; none where it is there for itself.
    typealias Ground = (user: InitramfsNode?, reason: String, kind: PickReason.Kind)

    let tree: [InitramfsNode]
    private let index: InitramfsNodeIndex
    private let contents: ImageContents

    init(_ tree: [InitramfsNode], _ index: InitramfsNodeIndex, _ contents: ImageContents) {
        self.tree = tree
        self.index = index
        self.contents = contents
    }

    /// From a file to what it is there for, and so on; empty where nothing tells.
    func chain(from node: InitramfsNode) -> [PickStep] {
        var steps: [PickStep] = []
        var next: InitramfsNode? = node
        var seen: Set<[UInt8]> = []
        while let here = next, seen.insert(here.path).inserted {
            let path = "/" + printable(here.path)
            guard let ground = ground(of: here, except: seen) else {
                if !steps.isEmpty {
                    let unknown = PickReason(.data, "nothing in the image says why")
                    steps.append(PickStep(path: path, reason: unknown))
                }
                break
            }
            let because = ground.user.map { InitramfsPath(normalised: $0.path) }
            steps.append(
                PickStep(
                    path: path, reason: PickReason(ground.kind, ground.reason, because: because)))
            next = ground.user
        }
        return steps
    }

    /// The surest ground: what the kernel does comes before what programs say, and that before
    /// names in a text.
    private func ground(of node: InitramfsNode, except seen: Set<[UInt8]>) -> Ground? {
        if let known = knownToTheKernel(node) { return known }
        if let module = KernelModuleFile(printable(node.path)) {
            return module.name.isEmpty ? nil : groundOfModule(node, module.name, seen)
        }
        return firmware(node) ?? linked(node, seen) ?? interpreter(node, seen)
            ?? placed(node, seen) ?? symlink(node, seen) ?? named(node, seen)
            ?? folder(node, seen) ?? otherName(node, seen)
    }

    /// Paths that the kernel itself opens: init/main.c, and the early archives of
    /// Documentation/arch/x86/microcode.rst and Documentation/admin-guide/acpi.
    private func knownToTheKernel(_ node: InitramfsNode) -> Ground? {
        let path = printable(node.path)
        if path == "init" { return (nil, "the kernel starts it", .program) }
        if path == "dev/console" { return (nil, "the kernel opens it for init", .data) }
        if path.hasPrefix("kernel/x86/microcode/") {
            return (nil, "the kernel loads it into the processor", .firmware)
        }
        if path.hasPrefix("kernel/firmware/acpi/") {
            return (nil, "the kernel takes it for the firmware's table", .firmware)
        }
        let parts = path.split(separator: "/")
        if parts.last?.hasPrefix("modules.") == true, parts.contains("modules") {
            return (nil, "modprobe reads it", .data)
        }
        return nil
    }

    private func groundOfModule(
        _ node: InitramfsNode, _ name: String, _ seen: Set<[UInt8]>
    ) -> Ground? {
        let others = contents.modules.filter { !seen.contains($0.node.path) }
        func names(_ list: [String]) -> Bool {
            list.contains { KernelModuleFile.canonical($0) == name }
        }
        let users = others.filter { names($0.info.depends) }.map(\.node)
        // One that is there for a reason tells more, where the first few have one.
        let around = seen.union([node.path])
        if let user = users.prefix(8).first(where: { ground(of: $0, except: around) != nil }) {
            return (user, "its symbols are used by", .module)
        }
        if let user = others.first(where: { names($0.info.softBefore + $0.info.softAfter) }) {
            return (user.node, "soft dependency of", .module)
        }
        let spelled = name.replacing("_", with: "-")
        if let text = contents.text(naming: spelled, except: seen)
            ?? contents.text(naming: name, except: seen)
        {
            return (text, "its name is in", .module)
        }
        return asked(for: name, of: others.map(\.node))
            ?? alias(of: node).map { (nil, Self.words(forAlias: $0), .module) }
            ?? users.first.map { ($0, "its symbols are used by", .module) }
    }

    /// By names that are no aliases.
    private func asked(for name: String, of others: [InitramfsNode]) -> Ground? {
        // request_module("dm-%s") in drivers/md/dm-target.c.
        if name.hasPrefix("dm_"), let mapper = others.first(where: { $0.isModule("dm_mod") }) {
            return (mapper, "loaded for a table with the target `\(name.dropFirst(3))` by", .module)
        }
        // request_module("nls_%s") in fs/nls/nls_base.c.
        if name.hasPrefix("nls_") {
            let set = name.dropFirst(4)
            return (nil, "loaded where a file system has names in `\(set)`", .module)
        }
        return nil
    }

    private func alias(of node: InitramfsNode) -> String? {
        contents.modules.first { $0.node.inode == node.inode }?.info.aliases.first
    }

    /// Who asks for an alias, by the names that the kernel's subsystems pass to request_module.
    private static func words(forAlias alias: String) -> String {
        let askers = [
            ("crypto-", "the kernel is asked for the algorithm"),
            ("fs-", "a file system is mounted of the type"),
            ("net-pf-", "a program opens a socket of the family"),
            ("char-major-", "a program opens the character device"),
            ("block-major-", "a program opens the block device"),
            ("rtnl-link-", "a link is made of the type"),
            ("binfmt-", "a program is started of the format"),
        ]
        if alias.hasPrefix("devname:") {
            return "loaded where a program opens `/dev/\(alias.dropFirst(8))`"
        }
        for (prefix, event) in askers where alias.hasPrefix(prefix) {
            return "loaded where \(event) `\(alias.dropFirst(prefix.count))`"
        }
        // A device's alias is its bus, a colon and patterns (Documentation/kbuild/modules.rst).
        return alias.contains(":")
            ? "loaded where a device asks for `\(alias)` or the like"
            : "loaded where something asks for `\(alias)`"
    }

    private func firmware(_ node: InitramfsNode) -> Ground? {
        let path = "/" + printable(node.path)
        for module in contents.modules {
            let asked = module.info.firmware.contains { name in
                ["", ".xz", ".zst"].contains { path.hasSuffix("/firmware/\(name)\($0)") }
            }
            if asked { return (module.node, "firmware of", .firmware) }
        }
        return nil
    }

    private func linked(_ node: InitramfsNode, _ seen: Set<[UInt8]>) -> Ground? {
        let name = node.path.split(separator: UInt8(ascii: "/")).last ?? []
        for other in tree where !seen.contains(other.path) && other.inode != node.inode {
            guard let program = other.program else { continue }
            let fits = node.program.map { $0.machine == program.machine } ?? true
            if fits, program.needed.contains(where: { $0.elementsEqual(name) }) {
                return (other, "library of", .library)
            }
            if let path = program.interpreter, leads(path, to: node) {
                return (other, "dynamic linker of", .library)
            }
        }
        return nil
    }

    /// The program that a script's first line names (execve(2)).
    private func interpreter(_ node: InitramfsNode, _ seen: Set<[UInt8]>) -> Ground? {
        for (script, bytes) in contents.texts
        where bytes.starts(with: "#!".utf8) && !seen.contains(script.path) {
            let line = bytes.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
            let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if let path = words.first, leads(path, to: node) {
                return (script, "interpreter of", .program)
            }
        }
        return nil
    }

    private func symlink(_ node: InitramfsNode, _ seen: Set<[UInt8]>) -> Ground? {
        let links = tree.filter { other in
            guard other.type == .symlink, !seen.contains(other.path) else { return false }
            let folder = other.path.split(separator: UInt8(ascii: "/")).dropLast()
            let isAbsolute = other.target.first == UInt8(ascii: "/")
            let start = isAbsolute ? [] : Array(folder.joined(separator: "/".utf8)) + [0x2F]
            return index.place(of: start + other.target, followLast: false) == node.path
        }
        // One that is there for a reason tells more, where the first few have one.
        let around = seen.union([node.path])
        let link = links.prefix(32).first { ground(of: $0, except: around) != nil }
        return (link ?? links.first).map { ($0, "target of the symlink", .data) }
    }

    private func named(_ node: InitramfsNode, _ seen: Set<[UInt8]>) -> Ground? {
        guard node.type != .directory else { return nil }
        let path = printable(node.path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let user =
            contents.text(naming: "/" + path, except: seen)
            ?? contents.text(naming: name, except: seen)
        return user.map { ($0, "its name is in", node.program == nil ? .data : .program) }
    }

    /// A symlink that nobody was seen to use: of busybox and the like, which go by many names.
    private func otherName(_ node: InitramfsNode, _ seen: Set<[UInt8]>) -> Ground? {
        guard node.type == .symlink, let target = index.resolve(node.path),
            !seen.contains(target.path)
        else { return nil }
        return (target, "another name of", .data)
    }

    private func folder(_ node: InitramfsNode, _ seen: Set<[UInt8]>) -> Ground? {
        guard node.type == .directory else { return nil }
        let inside = node.path + [UInt8(ascii: "/")]
        let first = tree.first { $0.path.starts(with: inside) && $0.type != .directory }
        return first.map { ($0, "folder of", .data) }
    }

    private func leads(_ path: some Collection<UInt8>, to node: InitramfsNode) -> Bool {
        index.place(of: path, followLast: false) == node.path
            || index.resolve(path)?.inode == node.inode
    }
}

extension InitramfsNode {
    fileprivate func isModule(_ name: String) -> Bool {
        KernelModuleFile(printable(path))?.name == name
    }
}
