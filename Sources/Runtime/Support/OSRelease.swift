import SystemPackage

/// What `/etc/os-release` says about a distribution (os-release(5)).
struct OSRelease: Sendable {
    private var fields: [Substring: String] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = line[line.index(after: equals)...]
            fields[line[..<equals]] = String(value.drop { $0 == "\"" }.prefix { $0 != "\"" })
        }
    }

    /// A field's value without its quotes.
    subscript(name: String) -> String? { fields[Substring(name)] }

    /// The host's; nil where there is no such file.
    static let ofHost: OSRelease? = {
        guard let text = try? readSmallFile("/etc/os-release", limit: 64 * 1024) else { return nil }
        return OSRelease(String(decoding: text, as: UTF8.self))
    }()
}
