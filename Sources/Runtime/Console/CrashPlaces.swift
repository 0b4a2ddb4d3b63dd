/// The places that lines of a crash report name: `do_one_initcall+0x1d7/0x220`.
struct CrashPlaces {
    struct Found {
        var place: KernelSymbols.Place
        /// The whole of it in the line.
        var range: Range<String.Index>
    }

    /// Of all lines, those in modules left out.
    let found: [Found]
    private let exact: Set<KernelSymbols.Place>

    init(_ lines: [String]) {
        var found: [Found] = []
        var exact: Set<KernelSymbols.Place> = []
        for line in lines where line.contains("+0x") {
            let places = CrashPlaces.places(in: line)
            found += places
            if CrashPlaces.isCounter(line) { exact.formUnion(places.map(\.place)) }
        }
        self.found = found
        self.exact = exact
    }

    /// Whether the place is where a call returns to: the call itself is just before.
    func isReturn(_ place: KernelSymbols.Place) -> Bool {
        place.offset > 0 && !exact.contains(place)
    }

    /// Whether the line shows the program counter, not a stack.
    private static func isCounter(_ line: String) -> Bool {
        [
            "RIP: ", "EIP: ", "PC is at ", "pc : ", "epc : ", "epc   : ", "NIP [", "Krnl PSW",
            "era   ",
        ]
        .contains { line.contains($0) }
    }

    /// The line with the source behind each place.
    static func annotated(
        _ line: String, _ texts: [KernelSymbols.Place: [String]], without prefix: String?
    ) -> String {
        guard line.contains("+0x") else { return line }
        var line = line
        for found in places(in: line).reversed() {
            guard let sources = texts[found.place], !sources.isEmpty else { continue }
            let shown = sources.map { shortened($0, prefix) }
            line.insert(
                contentsOf: " (\(shown.joined(separator: ", inlined at ")))",
                at: found.range.upperBound)
        }
        return line
    }

    private static func shortened(_ path: String, _ prefix: String?) -> String {
        if let prefix, !prefix.isEmpty, path.hasPrefix(prefix) {
            return String(path.dropFirst(prefix.count))
        }
        return path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    }

    static func places(in line: String) -> [Found] {
        var found: [Found] = []
        var rest = line[...]
        while let plus = rest.firstRange(of: "+0x") {
            let head = rest[..<plus.lowerBound]
            let name = head.suffix(while: {
                $0.isASCII && ($0.isLetter || $0.isNumber || "_.$".contains($0))
            })
            let offset = rest[plus.upperBound...].prefix { $0.isHexDigit }
            let behind = rest[offset.endIndex...]
            guard !name.isEmpty, behind.hasPrefix("/0x") else {
                rest = rest[plus.upperBound...]
                continue
            }
            let size = behind.dropFirst(3).prefix { $0.isHexDigit }
            rest = rest[size.endIndex...]
            guard !rest.hasPrefix(" ["), let start = UInt64(offset, radix: 16),
                let length = UInt64(size, radix: 16)
            else { continue }
            found.append(
                Found(
                    place: KernelSymbols.Place(name: String(name), offset: start, size: length),
                    range: name.startIndex..<size.endIndex))
        }
        return found
    }
}

extension Substring {
    fileprivate func suffix(while isPart: (Character) -> Bool) -> Substring {
        var start = endIndex
        while start > startIndex, isPart(self[index(before: start)]) {
            start = index(before: start)
        }
        return self[start...]
    }
}
