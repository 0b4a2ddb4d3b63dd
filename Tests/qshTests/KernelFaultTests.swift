import TestSupport
import Testing

@testable import QshRuntime

/// Faults of a real kernel, by instructions that its own module runs: the guest loads the module
/// `msr` with another beginning.
@Suite(
    .serialized,
    .enabled(if: Command.locate("qemu-system-x86_64") != nil, "no qemu-system-x86_64"))
struct KernelFaultTests {
    private static let library = #"""
        -- Returns the kernel's `msr` module with the beginning of its init function replaced.
        local function broken_module(kernel, code)
          local file = assert(io.open(kernel.modules .. "/kernel/arch/x86/kernel/msr.ko", "rb"))
          -- Without its last line the module counts as one that was never signed.
          local elf = file:read("a"):gsub("~Module signature appended~\n$", "")
          file:close()
          local sections = ("<I8"):unpack(elf, 41)
          local count = ("<I2"):unpack(elf, 61)
          local function header(index)
            local at = sections + index * 64
            local section, _ = {}, nil
            section.name, section.kind, _, _, section.offset, section.size, section.link,
              section.info = ("<I4I4I8I8I8I8I4I4"):unpack(elf, at + 1)
            return section
          end
          local place, init
          for index = 0, count - 1 do
            local table = header(index)
            if table.kind == 2 then
              local texts = header(table.link)
              for at = table.offset, table.offset + table.size - 24, 24 do
                local name, _, _, section, value = ("<I4BBI2I8"):unpack(elf, at + 1)
                if ("z"):unpack(elf, texts.offset + name + 1) == "init_module" then
                  init, place = section, value
                end
              end
            end
          end
          local text = header(init)
          local start = text.offset + place
          -- What tracing and branch tracking need stays.
          if elf:sub(start + 1, start + 4) == "\xF3\x0F\x1E\xFA" then start = start + 4 end
          if elf:byte(start + 1) == 0xE8 then start = start + 5 end
          local first, last = start - text.offset, start - text.offset + #code - 1
          elf = elf:sub(1, start) .. code .. elf:sub(start + #code + 1)
          for index = 0, count - 1 do
            local relocations = header(index)
            if relocations.kind == 4 and relocations.info == init then
              for at = relocations.offset, relocations.offset + relocations.size - 24, 24 do
                local offset = ("<I8"):unpack(elf, at + 1)
                if offset + 3 >= first and offset <= last then
                  elf = elf:sub(1, at + 8) .. ("\0"):rep(8) .. elf:sub(at + 17)
                end
              end
            end
          end
          return elf
        end
        """#

    /// Runs machine code in the guest's kernel, and then the rest of the recipe.
    private func run(_ code: String, then rest: String) async throws -> QshRun.Outcome {
        try await QshRun(
            recipe: Self.library + "\n" + #"""
                local kernel = qsh.kernel.find()
                local root = qsh.initramfs.new { busybox = true }
                root:file("/broken.ko", broken_module(kernel, "\#(code)"))
                local m <close> = qsh.machine.boot {
                  kernel = kernel, initramfs = root, accel = "tcg",
                }
                m.console:expect("[rootfs ]#")
                m.console:sendline("echo 0 >/proc/sys/kernel/panic_on_oops; insmod /broken.ko")
                \#(rest)
                """#
        ).finish()
    }

    /// `cli; jmp .`
    @Test func hangWithInterruptsOff() async throws {
        let run = try await run(
            #"\xFA\xEB\xFE"#, then: #"m.console:expect("never", { timeout = 2 })"#)

        #expect(run.status == 124)
        #expect(
            run.stderr.contains(
                "\nerror: the kernel hangs: it has switched interrupts off, for good\n"),
            "\(run.stderr)")
        #expect(
            run.stderr.contains("  note: console: expected `never` but saw no match in 4.0 s\n"))
        #expect(run.stderr.contains("  note: last 20 lines:"))
        #expect(run.stderr.contains("  note: the whole console is in `"))
        #expect(run.stderr.contains("  hint: look where it is: `machine:gdb()`, "))
        #expect(run.stderr.contains("  reproduce: qemu-system-x86_64 "))
    }

    /// `jmp .`: interrupts come, but nothing else ever runs. The verdict is an error's field too.
    @Test func hangInTheKernel() async throws {
        let run = try await run(
            #"\xEB\xFE"#,
            then: #"local _, err = m:try_wait { timeout = 1 } print(err.kind, err.message)"#)

        #expect(
            run.stdout
                == "hung\tthe kernel hangs: not even the agent in the guest has answered within "
                + "4.0 s\n", "\(run.stderr)")
    }

    /// `xor eax, eax; mov [rax], eax` in a kernel that kills the process and goes on.
    @Test func oopsThatTheGuestSurvives() async throws {
        let run = try await run(
            #"\x31\xC0\x89\x00"#,
            then: #"local _, err = m.console:try_expect("never") print(err.kind) "#
                + #"print(m:succeed("echo still here").stdout) m:shutdown()"#)

        #expect(run.stdout == "oops\nstill here\n\n", "\(run.stderr)")
        #expect(run.status == 3)
        #expect(
            run.stderr.contains(
                "\nerror: the kernel crashed: kernel NULL pointer dereference, address: "
                    + "0000000000000000\n"), "\(run.stderr)")
        #expect(run.stderr.contains("RIP: 0010:msr_init+0x"))
    }

    /// `push 0; push 0; lidt [rsp]; int3`: no handler for the breakpoint, none for that, none at
    /// all.
    @Test func tripleFault() async throws {
        let run = try await run(
            #"\x6A\x00\x6A\x00\x0F\x01\x1C\x24\xCC"#, then: "m:wait()")

        #expect(run.status == 3)
        #expect(
            run.stderr.contains(
                "\nerror: the machine was reset, and its kernel said nothing of it\n"),
            "\(run.stderr)")
        #expect(
            run.stderr.contains(
                "  hint: a triple fault, most likely: see it with "
                    + #"`args = { "-d", "int,cpu_reset" }`"#), "\(run.stderr)")
        #expect(run.stderr.contains("  note: last 20 lines:"))
        #expect(run.stderr.contains("  reproduce: qemu-system-x86_64 "))
    }

    private static let canAssemble =
        Command.locate("cc") != nil
        && (Command.locate("addr2line") ?? Command.locate("llvm-symbolizer")) != nil

    /// The lines are the guest's own, through `/dev/kmsg`; the file has its kernel's first line.
    @Test(.enabled(if: canAssemble, "no C compiler or addr2line"))
    func anOopsGetsItsSourceLines() async throws {
        let run = try await QshRun(
            recipe: ##"""
                local m <close> = qsh.machine.boot {
                  kernel = qsh.kernel.find(), initramfs = qsh.initramfs.new { busybox = true },
                  accel = "tcg", vmlinux = "vmlinux",
                }
                m.console:expect("[rootfs ]#")
                local source = assert(io.open("q.s", "w"))
                source:write(".globl q_probe\n.type q_probe, @function\nq_probe:\nnop\nret\n",
                  ".size q_probe, 16\n.section .rodata\nlinux_banner: .asciz \"",
                  (m:succeed("cat /proc/version").stdout:gsub("\n$", "")), "\\n\"\n")
                source:close()
                assert(os.execute("cc -g -nostdlib -static -Wl,-e,q_probe -o vmlinux q.s"))
                m:succeed([[for line in 'BUG: kernel NULL pointer dereference, address: 0008' \
                  'RIP: 0010:q_probe+0x1/0x10' '---[ end trace 0000000000000000 ]---'
                  do echo "<1>$line" >/dev/kmsg; done]])
                m.console:expect("never")
                """##
        ).finish()

        #expect(run.status == 3)
        #expect(run.stderr.contains("RIP: 0010:q_probe+0x1/0x10 ("), "\(run.stderr)")
        #expect(run.stderr.contains("q.s:5)"), "\(run.stderr)")
    }
}
