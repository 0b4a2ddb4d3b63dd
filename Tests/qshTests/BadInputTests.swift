import Testing

/// What a user can get wrong, each with the whole text that they see.
@Suite struct BadInputTests {
    private func boot(
        _ options: String, before: String = "", files: [String: String] = [:]
    ) async throws -> QshRun.Outcome {
        try await QshRun(recipe: "\(before)qsh.machine.boot { \(options) }")
            .with {
                $0.files.merge(files) { $1 }
                $0.environment["QSH_QEMU"] = .some(nil)
            }.finish()
    }

    /// The note about the accelerator depends on the host.
    private func withoutNotes(_ text: String) -> String {
        text.split(separator: "\n").filter { !$0.hasPrefix("qsh: ") }.joined(separator: "\n") + "\n"
    }

    @Test func aTextFileIsNoKernel() async throws {
        let run = try await boot(#"kernel = "text""#, files: ["text": "hello\n"])

        #expect(
            run.stderr == """
                error: kernel `text`: not a kernel: it is a text file
                  at recipe.lua:1
                  hint: a kernel is what the build leaves in arch/x86/boot/bzImage, or a \
                distribution in /boot/vmlinuz-*

                """)
        #expect(run.status == 2)
    }

    @Test func aKernelThatIsNotThere() async throws {
        let run = try await boot(#"kernel = "nosuch""#)

        #expect(
            run.stderr == """
                error: kernel `nosuch`: no such file
                  at recipe.lua:1

                """)
        #expect(run.status == 2)
    }

    @Test func aTruncatedKernel() async throws {
        let recipe = """
            local image = assert(io.open(qsh.kernel.find().image, "rb"))
            local copy = assert(io.open("short", "wb"))
            copy:write(image:read(100000))
            copy:close()
            qsh.machine.boot { kernel = "short" }
            """

        let run = try await QshRun(recipe: recipe).finish()

        let lines = run.stderr.split(separator: "\n")
        #expect(
            lines.first?.hasPrefix(
                "error: kernel `short`: truncated: got 100000 bytes, but its header promises ")
                == true, "\(run.stderr)")
        #expect(lines.dropFirst() == ["  at recipe.lua:5", "  hint: copy or build the file again"])
        #expect(run.status == 2)
    }

    @Test func aKernelOfAnotherArchitecture() async throws {
        let run = try await boot(#"kernel = qsh.kernel.find(), arch = "arm64""#)

        let message = "the kernel is for x86_64, but the machine is arm64"
        #expect(run.stderr.split(separator: "\n").first?.hasSuffix(message) == true)
        #expect(
            run.stderr.hasSuffix(
                "  at recipe.lua:1\n  hint: set `arch = \"x86_64\"`, or choose another kernel\n"))
        #expect(run.status == 2)
    }

    @Test(arguments: [
        (
            #"memory = "12 potatoes""#,
            #"option `memory` expects a size like "256M", got string "#
                + #""12 potatoes""#
        ),
        ("kernal = 1", "unknown option `kernal`; did you mean `kernel`?"),
        ("accel = 1", "option `accel` expects a string, got number 1"),
        (#"accel = "fast""#, #"option `accel` expects "auto", "kvm" or "tcg", got string "fast""#),
        ("smp = { cors = 2 }", "smp: unknown option `cors`; did you mean `cores`?"),
    ])
    func optionsThatDoNotFit(options: String, message: String) async throws {
        let run = try await boot(options)

        #expect(
            run.stderr == "error: qsh.machine.boot: \(message)\n  at recipe.lua:1\n")
        #expect(run.status == 2)
    }

    @Test func rawArgumentsThatQshOwns() async throws {
        let run = try await boot(#"args = { "-append", "quiet" }"#)

        #expect(
            run.stderr == """
                error: option `args` cannot hold `-append`: the machine's `append` sets it
                  at recipe.lua:1
                  hint: use `append = …` instead

                """)
        #expect(run.status == 2)
    }

    @Test func noQEMU() async throws {
        let run = try await QshRun(
            recipe: #"qsh.machine.boot { kernel = qsh.kernel.find(), qemu = "qemu-nope" }"#
        ).finish()

        #expect(run.stderr.hasPrefix("error: option `qemu`: `qemu-nope` is not a program\n"))
        #expect(run.status == 69)
    }

    @Test func aRootWithoutInit() async throws {
        let run = try await boot(
            "kernel = qsh.kernel.find(), initramfs = qsh.initramfs.new {}")

        #expect(
            withoutNotes(run.stderr) == """
                error: initramfs `root`: no `/init`: the kernel would panic with \
                "Unable to mount root fs"
                  at recipe.lua:1

                """)
        #expect(run.status == 2)
    }

    @Test func anImageWithoutInitAndATruncatedOne() async throws {
        let recipe = """
            qsh.initramfs.new {}:file("/etc/motd", "x"):write("empty.img")
            local kernel = qsh.kernel.find()
            print(pcall(qsh.machine.boot, { kernel = kernel, initramfs = "empty.img" }))
            qsh.initramfs.new { init = "#!/bin/sh\\n" }:file("/bin/sh", "x", { mode = "0755" })
              :write("whole.img")
            local bytes = io.open("whole.img", "rb"):read("a")
            io.open("cut.img", "wb"):write(bytes:sub(1, 150)):close()
            print(pcall(qsh.machine.boot, { kernel = kernel, initramfs = "cut.img" }))
            """

        let run = try await QshRun(recipe: recipe).finish()

        let lines = run.stdout.split(separator: "\n")
        #expect(
            lines.first.map { String($0) }
                == "false\tinitramfs `empty.img`: no `/init`: the kernel would panic with "
                + #""Unable to mount root fs""#)
        #expect(lines.last?.hasPrefix("false\tinitramfs `cut.img`: ") == true, "\(run.stdout)")
    }

    @Test func modesAreNoNumbers() async throws {
        let run = try await QshRun(
            recipe: #"qsh.initramfs.new {}:file("/init", "x", { mode = 755 })"#
        ).finish()

        #expect(
            run.stderr == """
                error: qsh.initramfs:file: option `mode` expects a string of octal digits like \
                "0755", got number 755
                  at recipe.lua:1
                  hint: Lua has no octal numbers (0755 is 755), so write the mode as a string

                """)
        #expect(run.status == 2)
    }
}
