/// Keys by QEMU's names (`QKeyCode` of its QMP reference) and where characters are on a US
/// keyboard.
enum Keyboard {
    /// How long a key is held, in milliseconds; QEMU's own is 100.
    static let holdTime: Int64 = 10
    /// Between two keys: the controller's queue holds sixteen bytes.
    static let pause: Duration = .milliseconds(25)

    /// QEMU's name of a key, which may also be named by another word or by its character.
    static func code(_ name: String) throws(MachineControlError) -> String {
        if names.contains(name) { return name }
        let lower = name.lowercased()
        if let code = others[lower] ?? (names.contains(lower) ? lower : nil) { return code }
        if name.count == 1, let character = name.first, let code = plain[character] { return code }
        let known = Array(names) + Array(others.keys)
        throw .unknownKey(name, nearest: nearest(to: lower, among: known.sorted()))
    }

    /// The keys for a character, a shift key first where it needs one.
    static func keys(for character: Character) throws(MachineControlError) -> [String] {
        if let key = plain[character] { return [key] }
        if let key = shifted[character] { return ["shift", key] }
        let lower = Character(character.lowercased().first.map(String.init) ?? "")
        guard let key = plain[lower] else { throw .untypable(character) }
        return ["shift", key]
    }

    private static let others = [
        "enter": "ret", "return": "ret", "escape": "esc", "space": "spc", "del": "delete",
        "control": "ctrl", "windows": "meta_l", "super": "meta_l", "page_up": "pgup",
        "pageup": "pgup", "page_down": "pgdn", "pagedown": "pgdn", "ins": "insert",
        "capslock": "caps_lock", "backspace": "backspace", "print_screen": "print",
    ]

    private static let plain: [Character: String] = {
        var keys: [Character: String] = [
            " ": "spc", "\n": "ret", "\r\n": "ret", "\r": "ret", "\t": "tab", "\u{1b}": "esc",
            "\u{8}": "backspace", "\u{7f}": "backspace", "-": "minus", "=": "equal",
            "[": "bracket_left", "]": "bracket_right", "\\": "backslash", ";": "semicolon",
            "'": "apostrophe", "`": "grave_accent", ",": "comma", ".": "dot", "/": "slash",
        ]
        for character in "abcdefghijklmnopqrstuvwxyz0123456789" {
            keys[character] = String(character)
        }
        return keys
    }()

    private static let shifted: [Character: String] = [
        "!": "1", "@": "2", "#": "3", "$": "4", "%": "5", "^": "6", "&": "7", "*": "8", "(": "9",
        ")": "0", "_": "minus", "+": "equal", "{": "bracket_left", "}": "bracket_right",
        "|": "backslash", ":": "semicolon", "\"": "apostrophe", "~": "grave_accent",
        "<": "comma", ">": "dot", "?": "slash",
    ]

    private static let names: Set<String> = {
        let words = """
            shift shift_r alt alt_r ctrl ctrl_r meta_l meta_r menu esc minus equal backspace tab \
            bracket_left bracket_right ret semicolon apostrophe grave_accent backslash comma dot \
            slash asterisk spc caps_lock num_lock scroll_lock sysrq kp_divide kp_multiply \
            kp_subtract kp_add kp_enter kp_decimal print less pause home pgup pgdn end left up \
            down right insert delete power sleep wake calculator computer mail stop undo again \
            copy open paste find cut help compose yen ro hiragana henkan muhenkan volumemute \
            volumeup volumedown audionext audioprev audiostop audioplay
            """
        var names = Set(words.split(separator: " ").map(String.init))
        names.formUnion("abcdefghijklmnopqrstuvwxyz0123456789".map(String.init))
        names.formUnion((1...12).map { "f\($0)" })
        names.formUnion((0...9).map { "kp_\($0)" })
        return names
    }()
}
