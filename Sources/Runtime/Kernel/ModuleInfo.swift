/// What a module says about itself in its `.modinfo` section: NUL-ended `key=value` texts
/// (include/linux/moduleparam.h, `__MODULE_INFO`).
struct ModuleInfo: Sendable, Equatable {
    /// Modules whose symbols it uses.
    var depends: [String] = []
    /// Modules to load before it where there are such (`softdep=pre:`), names or aliases.
    var softBefore: [String] = []
    /// The same for after it.
    var softAfter: [String] = []
    /// Patterns of names by which the kernel asks for it.
    var aliases: [String] = []

    /// Files that it asks the kernel for, below `/lib/firmware`.
    var firmware: [String] = []
    /// What kernel it was built for: the release and a few options.
    var versionMagic: String?

    init() {}

    init(section bytes: some Collection<UInt8>) {
        for text in bytes.split(separator: 0) {
            let field = text.split(separator: UInt8(ascii: "="), maxSplits: 1)
            guard field.count == 2 else { continue }
            let (key, value) = (field[0], field[1])
            add(String(decoding: key, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }

    mutating func add(_ key: String, _ value: String) {
        switch key {
        case "depends": depends += value.split(separator: ",").map(String.init)
        case "alias": aliases.append(value)
        case "softdep": addSoftDependencies(value)
        case "firmware": firmware.append(value)
        case "vermagic": versionMagic = value
        default: break
        }
    }

    /// `pre: a b post: c`, as in modprobe.d(5).
    private mutating func addSoftDependencies(_ value: String) {
        var isAfter = false
        for word in value.split(whereSeparator: \.isWhitespace) {
            switch word {
            case "pre:": isAfter = false
            case "post:": isAfter = true
            case _ where isAfter: softAfter.append(String(word))
            default: softBefore.append(String(word))
            }
        }
    }
}
