import SystemPackage

/// How many steps a build will have, from the Kbuild files alone, as `make -n` fails in a tree that
/// was never built.
struct KernelBuildEstimate {
    private let source: FilePath
    private let config: KernelConfig
    private let sourceArch: String
    private var seen: Set<String> = []
    private var objects = 0

    private init(_ source: FilePath, _ config: KernelConfig, _ arch: Arch) {
        self.source = source
        self.config = config
        sourceArch = arch.kernel.sourceFolder
    }

    /// Takes about 0.3 s of processor time for a distribution's configuration.
    static func steps(_ source: FilePath, _ config: KernelConfig, _ arch: Arch) -> Int {
        var estimate = KernelBuildEstimate(source, config, arch)
        let tops = [
            "init", "usr", "arch/\(estimate.sourceArch)", "kernel", "certs", "mm", "fs", "ipc",
            "security", "crypto", "block", "io_uring", "drivers", "sound", "net", "virt", "lib",
            "arch/\(estimate.sourceArch)/kernel", "arch/\(estimate.sourceArch)/mm",
            "arch/\(estimate.sourceArch)/lib",
        ]
        for top in tops { estimate.visit(top) }
        // Archives, generated files, host programs: half as much again (1463 lines to 981
        // compilations, measured with a small 6.1).
        return estimate.objects * 3 / 2
    }

    private mutating func visit(_ folder: String) {
        guard seen.insert(folder).inserted, seen.count < 10_000 else { return }
        var lists: [String: [String]] = [:]
        for name in ["Kbuild", "Makefile"] {
            let file = source.appending(FilePath("\(folder)/\(name)").components)
            guard let bytes = try? readSmallFile(file, limit: 1 << 20) else { continue }
            read(String(decoding: bytes, as: UTF8.self), into: &lists)
            break
        }
        for list in ["obj-y", "obj-m", "lib-y", "core-y", "drivers-y", "net-y"] {
            for word in Set(lists[list] ?? []) { count(word, in: folder, lists) }
        }
    }

    private mutating func count(
        _ word: String, in folder: String, _ lists: [String: [String]]
    ) {
        if word.hasSuffix("/") {
            let isArch = word.hasPrefix("arch/")
            return visit(isArch ? String(word.dropLast()) : "\(folder)/\(word.dropLast())")
        }
        guard word.hasSuffix(".o") else { return }
        let name = word.dropLast(2)
        let parts = ["-y", "-m", "-objs"].flatMap { lists[name + $0] ?? [] }
        objects += max(1, Set(parts).filter { $0.hasSuffix(".o") }.count)
    }

    /// `obj-$(CONFIG_FOO) += foo.o bar/`, continued lines joined; conditions are taken as true.
    private func read(_ text: String, into lists: inout [String: [String]]) {
        for line in text.replacing("\\\n", with: " ").split(separator: "\n") {
            guard let equals = line.firstIndex(of: "="), !line.hasPrefix("\t") else { continue }
            let left = String(line[..<equals].filter { !" \t+:".contains($0) })
            guard let dash = left.lastIndex(of: "-") else { continue }
            let suffix = String(left.suffix(from: left.index(after: dash)))
            guard let kind = kind(suffix) else { continue }
            let right = line[line.index(after: equals)...].prefix { $0 != "#" }
            let words = right.split { $0 == " " || $0 == "\t" }.map { word in
                String(word).replacing("$(SRCARCH)", with: sourceArch)
            }
            lists["\(left[..<dash])-\(kind)", default: []] += words
        }
    }

    private func kind(_ suffix: String) -> String? {
        if ["y", "m", "objs"].contains(suffix) { return suffix }
        let start = "$(CONFIG_"
        guard suffix.hasPrefix(start), suffix.hasSuffix(")") else { return nil }
        switch config[String(suffix.dropFirst(start.count).dropLast())] {
        case .yes: return "y"
        case .module: return "m"
        default: return nil
        }
    }
}
