import QshRuntime
import Testing

@Suite struct KernelCommandLineTests {
    @Test(arguments: [
        (["console=ttyS0", "quiet"], "console=ttyS0 quiet"),
        (["dyndbg=file a.c +p", "ro"], #"dyndbg="file a.c +p" ro"#),
        ([#"dyndbg="file a.c +p""#], #"dyndbg="file a.c +p""#),
        (["a", "--", "single"], "a -- single"),
        ([], ""),
    ])
    func joinsAList(list: [String], text: String) throws {
        #expect(try KernelCommandLine(list: list).text == text)
    }

    @Test(arguments: [
        ("", "option `append` expects one parameter in each element, got an empty one"),
        (" ", "option `append` expects one parameter in each element, got an empty one"),
        (
            "quiet splash",
            "option `append` expects one parameter in each element, got `quiet splash`"
        ),
        (
            #"a="b" c=d"#,
            #"option `append` expects one parameter in each element, got `a="b" c=d`"#
        ),
    ])
    func refusesWhatTheKernelCannotRead(parameter: String, message: String) {
        let error = #expect(throws: KernelCommandLineError.self) {
            try KernelCommandLine(list: [parameter])
        }

        #expect(error?.description == message)
    }

    @Test func splitsAsTheKernelDoes() {
        let line = KernelCommandLine(#"  a=1 b="x y"  c   -- d e "#)

        #expect(line.parameters == ["a=1", #"b="x y""#, "c"])
        #expect(line.initArguments == ["d", "e"])
        #expect(line.text == #"a=1 b="x y" c -- d e"#)
    }

    @Test func theLastOneWinsAndDashesEqualUnderscores() {
        let line = KernelCommandLine("panic=5 log_buf_len=1M quiet panic=-1 console=a console=b")

        #expect(line.value(of: "panic") == "-1")
        #expect(line.value(of: "log-buf-len") == "1M")
        #expect(line.value(of: "quiet") == "")
        #expect(line.value(of: "pan") == nil)
        #expect(line.values(of: "console") == ["a", "b"])
    }

    @Test(arguments: [
        ("", "console=ttyS0 panic=-1 oops=panic console_msg_format=syslog"),
        ("console=ttyS0", "console=ttyS0 panic=-1 oops=panic console_msg_format=syslog"),
        ("console=hvc0 panic=0", "console=hvc0 panic=0 oops=panic console_msg_format=syslog"),
        ("oops=nothing -- x", "oops=nothing console=ttyS0 panic=-1 console_msg_format=syslog -- x"),
    ])
    func addsOnlyWhatTheUserLeftOpen(text: String, expected: String) {
        #expect(KernelCommandLine(text).withDefaults(for: .x86_64).text == expected)
    }

    @Test func leavesTheConsoleToTheDeviceTree() {
        let line = KernelCommandLine("quiet").withDefaults(for: .arm64)

        #expect(line.text == "quiet panic=-1 oops=panic console_msg_format=syslog")
    }

    @Test func refusesMoreThanTheKernelKeeps() throws {
        let long = KernelCommandLine(String(repeating: "a", count: 2048))
        try KernelCommandLine(String(repeating: "a", count: 2047)).validate(for: .x86_64)

        let error = #expect(throws: KernelCommandLineError.self) { try long.validate(for: .x86_64) }
        let unprintable = #expect(throws: KernelCommandLineError.self) {
            try KernelCommandLine(list: ["a=b\0c"]).validate(for: .x86_64)
        }

        #expect(
            error?.description
                == "option `append` is too long: got 2048 bytes, but x86_64 kernels keep 2047")
        #expect(
            unprintable?.description
                == "option `append` expects one line, got a line break or a NUL in it")
    }
}
