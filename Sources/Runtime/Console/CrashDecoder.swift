import SystemPackage

/// Adds source lines to the places that crash reports name.
///
/// One lookup in the symbol table and one run of `addr2line` (or `llvm-symbolizer`, which knows
/// every architecture) serve all reports together: started anew for each address on a kernel of
/// half a gigabyte, it takes minutes.
public enum CrashDecoder {
    /// What decoding gave.
    public struct Result: Sendable, Equatable {
        /// The reports with `(file:line)` behind each place that has one.
        public var reports: [CrashReport]
        /// How many different places there were, and how many have a line.
        public var placeCount = 0
        /// How many of them have a line.
        public var decodedCount = 0
        /// Why the build could not be compared with the log's; nil where it was, and is the same.
        public var unchecked: String?
    }

    /// Decodes reports.
    ///
    /// - Parameters:
    ///   - banner: the kernel's first line in the log, as far as it is there.
    /// - Throws: ``KernelSymbolsError``, ``ProcessError``, `CancellationError`.
    @LoopActor
    public static func decode(
        _ reports: [CrashReport], banner: String?, vmlinux: FilePath,
        until deadline: Deadline = .after(.seconds(120))
    ) async throws -> Result {
        let symbols = try await WorkerThread.run { _ in try KernelSymbols(vmlinux) }
        let lines = reports.flatMap(\.lines)
        var result = Result(reports: reports)
        result.unchecked = try check(symbols, banner: banner, lines: lines)
        let places = CrashPlaces(lines)
        // Its file tells where the tree was, so that its path can be left out of all others.
        let anchor = KernelSymbols.Place(name: "kernel_init", offset: 0, size: 0)
        let all = Set(places.found.map(\.place)).union([anchor])
        let addresses = await worker { symbols.addresses(of: all) }
        var queries: [UInt64: [KernelSymbols.Place]] = [:]
        for (place, address) in addresses {
            let back: UInt64 = places.isReturn(place) && place != anchor ? 1 : 0
            queries[address &- back, default: []].append(place)
        }
        result.placeCount = all.count - 1
        guard !queries.isEmpty else { return result }
        let found = try await sourceLines(of: queries.keys.sorted(), in: vmlinux, until: deadline)
        var texts: [KernelSymbols.Place: [String]] = [:]
        for (address, places) in queries {
            for place in places { texts[place] = found[address] }
        }
        let prefix = texts[anchor]?.last?.split(separator: ":").first.flatMap { file in
            file.hasSuffix("/init/main.c") ? String(file.dropLast("init/main.c".count)) : nil
        }
        texts[anchor] = nil
        result.decodedCount = texts.count
        for index in reports.indices {
            result.reports[index].lines = reports[index].lines.map {
                CrashPlaces.annotated($0, texts, without: prefix)
            }
        }
        return result
    }

    private static func worker<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value
    ) async -> Value {
        (try? await WorkerThread.run { _ in body() }) ?? body()
    }

    /// Compares the file with what the log says of its kernel.
    ///
    /// - Returns: why it could not be done.
    private static func check(
        _ symbols: KernelSymbols, banner: String?, lines: [String]
    ) throws -> String? {
        // With CONFIG_STACKTRACE_BUILD_ID, `dump_stack_print_info` ends with the build's name.
        let ids = lines.filter { $0.contains("CPU: ") && $0.contains("Comm: ") }.compactMap {
            line in
            line.split(separator: " ").last { $0.count == 40 && $0.allSatisfy(\.isHexDigit) }
                .map { $0.lowercased() }
        }
        if let id = ids.first, let own = symbols.buildID {
            guard own == id else {
                throw KernelSymbolsError(
                    symbols.path, .otherBuild(got: "build id \(own)", expected: "build id \(id)"))
            }
            return nil
        }
        guard let banner else {
            return "the log has neither a build id nor the kernel's first line"
        }
        guard let own = symbols.banner else { return "the file has no `Linux version` line" }
        guard own.trimmed == banner.trimmed else {
            throw KernelSymbolsError(symbols.path, .otherBuild(got: own, expected: banner))
        }
        return nil
    }

    /// Runs the tool once for all addresses: for each its lines, the innermost first.
    @LoopActor
    private static func sourceLines(
        of addresses: [UInt64], in file: FilePath, until deadline: Deadline
    ) async throws -> [UInt64: [String]] {
        var found: [UInt64: [String]] = [:]
        var hasTool = false
        var words: String?
        for tool in [
            ["addr2line", "-a", "-f", "-i", "-e", file.string],
            ["llvm-symbolizer", "--output-style=GNU", "-a", "-f", "-i", "--obj=\(file)"],
        ] {
            guard let path = Command.locate(tool[0]) else { continue }
            hasTool = true
            let input = addresses.map { "0x" + String($0, radix: 16) }.joined(separator: "\n")
            let result = try await CommandRunner.run(
                Command([path.string] + tool.dropFirst()), input: Array((input + "\n").utf8),
                until: deadline)
            if result.timedOut { words = "`\(tool[0])` took too long" }
            found = parse(String(decoding: result.stdout, as: UTF8.self))
            if !found.isEmpty { return found }
        }
        if !hasTool { throw KernelSymbolsError(file, .noTool) }
        if let words { throw KernelSymbolsError(file, .toolFailed(words)) }
        return found
    }

    /// An address on a line of its own, then pairs of lines: the function, `file:line`.
    private static func parse(_ text: String) -> [UInt64: [String]] {
        var found: [UInt64: [String]] = [:]
        var address: UInt64?
        var isPlace = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.hasPrefix("0x"), let number = UInt64(line.dropFirst(2), radix: 16) {
                address = number
                isPlace = false
            } else if !isPlace {
                isPlace = true
            } else {
                isPlace = false
                // addr2line adds ` (discriminator 3)`.
                let place = line.split(separator: " ").first.map(String.init) ?? ""
                guard let address, !place.hasPrefix("??"), !place.hasSuffix(":?"),
                    !place.hasSuffix(":0")
                else { continue }
                found[address, default: []].append(place)
            }
        }
        return found
    }
}

extension ConsoleTriage {
    /// Adds source lines to the reports.
    ///
    /// - Throws: ``KernelSymbolsError``, ``ProcessError``, `CancellationError`.
    @LoopActor
    public mutating func decode(with vmlinux: FilePath) async throws -> CrashDecoder.Result {
        let result = try await CrashDecoder.decode(reports, banner: banner, vmlinux: vmlinux)
        reports = result.reports
        return result
    }
}

extension String {
    fileprivate var trimmed: Substring {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
