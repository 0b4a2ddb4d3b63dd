import Testing

@testable import QshRuntime

@Suite struct ProgramCheckTests {
    /// A 64-bit x86 program with an interpreter, libraries and a search path.
    private func elf(
        _ interpreter: String?, needs: [String] = [], runpath: String? = nil, machine: UInt8 = 62
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        func put(_ value: Int, at offset: Int, size: Int) {
            for index in 0..<size { bytes[offset + index] = UInt8(value >> (8 * index) & 0xff) }
        }
        bytes.replaceSubrange(0..<7, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
        put(3, at: 16, size: 2)
        put(Int(machine), at: 18, size: 2)
        put(64, at: 32, size: 8)
        put(56, at: 54, size: 2)
        var strings: [UInt8] = [0]
        func text(_ text: String) -> Int {
            defer { strings += Array(text.utf8) + [0] }
            return strings.count
        }
        var dynamic = needs.map { (1, text($0)) }
        if let runpath { dynamic.append((29, text(runpath))) }
        // Loaded at 0x10000; strings at 1024, dynamic section at 2048, interpreter at 3072.
        dynamic.append((5, 0x10000 + 1024))
        var segments = [(1, 0, 0x10000, 4096), (2, 2048, 0x10800, dynamic.count * 16 + 16)]
        if let interpreter {
            bytes.replaceSubrange(3072..<3072 + interpreter.utf8.count, with: interpreter.utf8)
            segments.append((3, 3072, 0x10c00, interpreter.utf8.count + 1))
        }
        put(segments.count, at: 56, size: 2)
        for (index, segment) in segments.enumerated() {
            let at = 64 + index * 56
            put(segment.0, at: at, size: 4)
            put(segment.1, at: at + 8, size: 8)
            put(segment.2, at: at + 16, size: 8)
            put(segment.3, at: at + 32, size: 8)
        }
        bytes.replaceSubrange(1024..<1024 + strings.count, with: strings)
        for (index, entry) in dynamic.enumerated() {
            put(entry.0, at: 2048 + index * 16, size: 8)
            put(entry.1, at: 2056 + index * 16, size: 8)
        }
        return bytes
    }

    /// What lint says of a tree and of the image that is written from it.
    private func lint(
        strict: Bool = true, _ body: (inout InitramfsTree) throws -> Void
    ) throws -> [String] {
        var tree = InitramfsTree()
        try body(&tree)
        var target = InitramfsLint.Target()
        target.isStrict = strict
        let before = try InitramfsLint.lint(tree: tree, for: target)
        var options = InitramfsReader.Options()
        options.programs = true
        let image = try InitramfsReader.read(bytes: tree.image(), options)
        let after = InitramfsLint.lint(image, for: target)
        #expect(after.map(\.message) == before.map(\.message))
        return before.map { "\($0.severity.rawValue): \($0.message)" }
    }

    private let linker = "/lib64/ld-linux-x86-64.so.2"

    @Test func aLibraryThatIsMissingIsAnError() throws {
        let found = try lint(strict: false) {
            try $0.addFile("init", bytes: elf(linker, needs: ["libc.so.6"]), mode: .program)
            try $0.addFile(linker, bytes: elf(nil), mode: .program)
        }
        #expect(
            found == ["error: `/init` needs the library `libc.so.6`, which is not in the initramfs"]
        )
    }

    /// 0x00FF and 0x01FF are no types at all.
    @Test(arguments: [UInt8(0), 1, 0xFF])
    func anELFTypeOfAllBitsIsNoCrash(high: UInt8) throws {
        var bytes = elf(nil)
        bytes.replaceSubrange(16..<18, with: [0xFF, high])
        #expect(try lint { try $0.addFile("init", bytes: bytes, mode: .program) } == [])
    }

    @Test func librariesOfLibrariesAreLookedFor() throws {
        let found = try lint {
            try $0.addFile("init", bytes: elf(linker, needs: ["libc.so.6"]), mode: .program)
            try $0.addFile(linker, bytes: elf(nil), mode: .program)
            try $0.addSymlink("lib", target: "usr/lib")
            try $0.addFile(
                "usr/lib/x86_64-linux-gnu/libc-2.so", bytes: elf(nil, needs: ["libm.so.6"]))
            try $0.addSymlink("lib/x86_64-linux-gnu/libc.so.6", target: "libc-2.so")
        }
        #expect(
            found == [
                "error: `/init` needs the library `libm.so.6` through "
                    + "`/usr/lib/x86_64-linux-gnu/libc-2.so`, which is not in the initramfs"
            ])
    }

    @Test func searchPathsOfTheProgramCount() throws {
        let found = try lint {
            try $0.addFile(
                "opt/bin/tool", bytes: elf(linker, needs: ["libx.so"], runpath: "$ORIGIN/../lib"),
                mode: .program)
            try $0.addFile("opt/lib/libx.so", bytes: elf(nil))
            try $0.addFile(linker, bytes: elf(nil), mode: .program)
            try $0.addFile("init", bytes: elf(nil), mode: .program)
        }
        #expect(found == [])
    }

    @Test func aLibraryOfAnotherArchitectureDoesNotCount() throws {
        let found = try lint {
            try $0.addFile("init", bytes: elf(linker, needs: ["libc.so.6"]), mode: .program)
            try $0.addFile(linker, bytes: elf(nil), mode: .program)
            try $0.addFile("lib/libc.so.6", bytes: elf(nil, machine: 183))
        }
        #expect(
            found == ["error: `/init` needs the library `libc.so.6`, which is not in the initramfs"]
        )
    }

    @Test func otherProgramsAreErrorsOnlyWhereStrict() throws {
        for strict in [true, false] {
            let found = try lint(strict: strict) {
                try $0.addFile("init", bytes: elf(nil), mode: .program)
                try $0.addFile("bin/tool", bytes: elf("/lib/ld-musl-x86_64.so.1"), mode: .program)
            }
            #expect(
                found == [
                    "\(strict ? "error" : "warning"): `/bin/tool` needs the interpreter "
                        + "`/lib/ld-musl-x86_64.so.1`, which is not in the initramfs"
                ])
        }
    }
}
