extension CpioHeader {
    /// Parses the thirteen fields behind the magic.
    ///
    /// Kernels up to 6.x use `simple_strtoul`: it stops at the first bad digit and takes `0x`;
    /// newer ones refuse such a header.
    ///
    /// - Parameter bytes: 110 of them.
    init(lenient bytes: [UInt8], isStrict: inout Bool) {
        var fields: [UInt32] = []
        for start in stride(from: 6, to: Self.size, by: 8) {
            fields.append(Self.number(bytes[start..<start + 8], &isStrict))
        }
        self.init(
            inode: fields[0], mode: fields[1], uid: fields[2], gid: fields[3], links: fields[4],
            modificationTime: fields[5], fileSize: fields[6], deviceMajor: fields[7],
            deviceMinor: fields[8], nodeMajor: fields[9], nodeMinor: fields[10],
            nameSize: fields[11], check: fields[12])
    }

    private static func number(_ digits: ArraySlice<UInt8>, _ isStrict: inout Bool) -> UInt32 {
        var rest = digits
        let second = digits[digits.startIndex + 1] | 0x20
        if digits.first == UInt8(ascii: "0"), second == UInt8(ascii: "x"),
            value(digits[digits.startIndex + 2]) != nil
        {
            isStrict = false
            rest = digits.dropFirst(2)
        }
        var number: UInt32 = 0
        for digit in rest {
            guard let value = value(digit) else {
                isStrict = false
                break
            }
            number = number << 4 | value
        }
        return number
    }

    private static func value(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(digit - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(digit - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
