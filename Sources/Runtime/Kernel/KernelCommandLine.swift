/// The kernel's command line (`append`): parameters in order, read by the kernel's own rules.
///
/// Those rules are in Documentation/admin-guide/kernel-parameters.rst and `next_arg()`: spaces
/// part parameters, double quotes keep spaces together and cannot be escaped, `-` and `_` in a
/// name are the same, the last of two wins, and what follows `--` goes to init.
public struct KernelCommandLine: Sendable, Equatable {
    /// Parameters before `--`, each as the user wrote it.
    public private(set) var parameters: [String]
    /// What follows `--`.
    public private(set) var initArguments: [String]

    /// Splits a whole command line.
    public init(_ text: String = "") {
        let words = Self.split(text)
        let end = words.firstIndex(of: "--") ?? words.endIndex
        parameters = Array(words[..<end])
        initArguments = Array(words[end...].dropFirst())
    }

    /// Takes one parameter for each element, quoting a value that holds spaces.
    ///
    /// - Throws: ``KernelCommandLineError`` for one that the kernel has no way to read: an empty
    ///   one, or spaces together with a double quote.
    public init(list: [String]) throws(KernelCommandLineError) {
        var quoted: [String] = []
        for parameter in list { quoted.append(try Self.quote(parameter)) }
        self.init(quoted.joined(separator: " "))
    }

    /// The command line as QEMU's `-append` and a boot loader take it.
    public var text: String {
        let tail = initArguments.isEmpty ? [] : ["--"] + initArguments
        return (parameters + tail).joined(separator: " ")
    }

    /// The value of a parameter: the last one given, unquoted; empty for a bare name.
    public func value(of name: String) -> String? {
        values(of: name).last
    }

    /// All values of a parameter in order, for those that may be given several times (`console`).
    public func values(of name: String) -> [String] {
        parameters.compactMap { parameter in
            let unquoted = parameter.filter { $0 != "\"" }
            let equals = unquoted.firstIndex(of: "=")
            let own = unquoted[..<(equals ?? unquoted.endIndex)]
            guard Self.sameName(own, name) else { return nil }
            return equals.map { String(unquoted[unquoted.index(after: $0)...]) } ?? ""
        }
    }

    /// Adds a parameter behind the others.
    public mutating func set(_ name: String, _ value: String) {
        let plain = value.contains { $0 == " " } ? "\(name)=\"\(value)\"" : "\(name)=\(value)"
        parameters.append(plain)
    }

    /// Adds a parameter unless the user gave one of that name.
    public mutating func setDefault(_ name: String, _ value: String) {
        if self.value(of: name) == nil { set(name, value) }
    }

    /// Adds what qsh relies on, where the user did not decide otherwise.
    ///
    /// A panic without `panic=` hangs for ever, and an oops without `oops=panic` may; `console=`
    /// goes in where the architecture stays silent without it. With `console_msg_format=syslog`
    /// (since 4.17) each line on the console carries its level.
    public func withDefaults(for arch: Arch) -> KernelCommandLine {
        var result = self
        if arch.consoleMustBeNamed { result.setDefault("console", arch.consoleDevice) }
        result.setDefault("panic", "-1")
        result.setDefault("oops", "panic")
        result.setDefault("console_msg_format", "syslog")
        return result
    }

    /// Checks that the kernel of `arch` keeps all of it.
    ///
    /// - Throws: ``KernelCommandLineError`` where it would be cut off or holds a NUL or line break.
    public func validate(for arch: Arch) throws(KernelCommandLineError) {
        let bytes = text.utf8
        if bytes.contains(where: { $0 == 0 || $0 == 10 }) { throw .unprintable }
        // One byte of the limit is the terminating NUL.
        guard bytes.count < arch.commandLineLimit else {
            throw .tooLong(got: bytes.count, limit: arch.commandLineLimit - 1, arch: arch)
        }
    }

    private static func split(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character.isWhitespace && !isQuoted {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? words : words + [word]
    }

    private static func quote(_ parameter: String) throws(KernelCommandLineError) -> String {
        if parameter.allSatisfy(\.isWhitespace) { throw .empty }
        guard parameter.contains(where: \.isWhitespace) else { return parameter }
        // Already quoted by the user, or not one parameter at all but several in one string.
        if parameter.contains("\"") {
            guard split(parameter).count == 1 else { throw .unquotable(parameter) }
            return parameter
        }
        guard let equals = parameter.firstIndex(of: "=") else { throw .unquotable(parameter) }
        let name = parameter[..<equals]
        if name.contains(where: \.isWhitespace) { throw .unquotable(parameter) }
        return "\(name)=\"\(parameter[parameter.index(after: equals)...])\""
    }

    private static func sameName(_ left: some StringProtocol, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { dashed($0) == dashed($1) }
    }

    private static func dashed(_ byte: UInt8) -> UInt8 {
        byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte
    }
}
