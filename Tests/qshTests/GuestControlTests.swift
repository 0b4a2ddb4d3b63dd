import Testing

/// Snapshots, the cache, drives, networks and waits, seen from a recipe.
@Suite(.serialized) struct GuestControlTests {
    private static let boot = """
        local function boot(options)
          options.kernel, options.accel = qsh.kernel.find(), "tcg"
          options.initramfs = options.initramfs or qsh.initramfs.new { busybox = true }
          options.append = "cryptomgr.notests"
          return qsh.machine.boot(options)
        end

        """

    @Test func whatIsCopiedAtOnceIsThereAfterTheRootIsSetUp() async throws {
        let recipe =
            Self.boot + """
                local m <close> = boot { drives = { "disk.img", { "disk.img", readonly = true } } }
                m:copy_to("recipe.lua", "/tmp/early") -- before anything was expected
                m.console:expect("[rootfs ]#")
                m:succeed("test -s /tmp/early")
                qsh.proc.run { "sh", "-c", [[
                  mkdir -p tree/a/b tree/empty; echo 1 > 'tree/a/b/f 1'; ln -s 'f 1' tree/a/b/l
                  chmod 640 'tree/a/b/f 1'; head -c 3000000 /dev/urandom > tree/r
                ]] }
                m:copy_to("tree", "/tmp/new/tree")
                m:copy_from("/tmp/new/tree", "back")
                local list = "cd \\"$1\\" && "
                  .. "find . -printf '%p %m %l %y\\\\n' | sort | grep -v '^[.] '"
                local function sum(folder)
                  return qsh.proc.run({ "sh", "-c", list, "sh", folder }).stdout
                end
                assert(sum("tree") == sum("back"), sum("back"))
                qsh.proc.run { "diff", "-r", "tree", "back" }
                print(select(2, m:try_copy_from("/tmp/new/tree", "back")))
                m:succeed("printf changed | dd of=/dev/vda conv=notrunc")
                m:fail("printf changed | dd of=/dev/vdb conv=notrunc")
                local process = m:start({ "sleep", "100" })
                local other = m:start("cat; exit 3", { stdin = "given" })
                process:kill("KILL")
                assert(process:wait().signal == 9 and other:wait().stdout == "given")
                assert(not process.running)
                local _, err = m:try_wait_for_file("/none", { timeout = 0.1 })
                print(err)
                print(err.notes[1])
                _, err = m:try_execute("sleep 9", { timeout = 0.5 })
                print(err)
                print(err.notes[2])
                """

        let run = try await QshRun(recipe: recipe).with {
            $0.files["disk.img"] = String(repeating: ".", count: 1 << 20)
        }.finish()

        #expect(run.status == 0, "\(run.stderr)")
        #expect(
            run.stdout == """
                cannot write `back`: directory not empty
                file `/none` in the guest: it is not there after 0.1 s
                the limit of 0.1 s counts 2 times: tcg
                `sleep 9` in the guest: did not end within 1 s and was killed
                the limit of 0.5 s counts 2 times: tcg

                """)
    }

    @Test func theSecondBootGoesOnFromThePrompt() async throws {
        let recipe =
            Self.boot + """
                qsh.proc.run { "mkdir", "cache" }
                for number = 1, 3 do
                  local m <close> = boot { cache = true, memory = number < 3 and "256M" or "128M" }
                  m.console:expect("[rootfs ]#")
                  m.console:sendline("echo answer=$((6 * 7))")
                  m.console:expect("answer=42")
                  local left = m:succeed("cat /tmp/x || echo fresh; echo used > /tmp/x").stdout
                  print(m.restored, left)
                  assert(math.abs(tonumber(m:succeed("date +%s").stdout) - os.time()) <= 2)
                end
                """

        let run = try await QshRun(recipe: recipe).with {
            // The packages stay where they are; only the boots are apart.
            $0.environment["QSH_BOOT_CACHE"] = "cache"
        }.finish()

        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout == "false\tfresh\n\ntrue\tfresh\n\nfalse\tfresh\n\n", "\(run.stderr)")
    }

    @Test func clonesHaveAddressesOfTheirOwn() async throws {
        let recipe =
            Self.boot + """
                local net = qsh.machine.network()
                local base = boot { network = net, forward = { 80 } }
                local before = base:succeed("cat /sys/class/net/eth1/address").stdout
                local snapshot <close> = base:snapshot()
                local clone <close> = snapshot:restore()
                local second <close> = snapshot:restore()
                print(base.address, clone.address, second.address)
                local seen = { [before] = true, [base.forwards[80]] = true }
                for _, machine in ipairs { clone, second } do
                  local card = machine:succeed("cat /sys/class/net/eth1/address").stdout
                  assert(not seen[card] and not seen[machine.forwards[80]])
                  seen[card], seen[machine.forwards[80]] = true, true
                  machine:succeed("ip addr | grep -q 'inet " .. machine.address .. "/'")
                  machine:fail("ip addr | grep -q 'inet " .. base.address .. "/'")
                  machine:succeed("ping -c 1 -W 5 " .. base.address)
                end
                second:succeed("ping -c 1 -W 5 " .. clone.address)
                base:kill()
                """

        let run = try await QshRun(recipe: recipe).finish()

        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout == "10.71.0.1\t10.71.0.2\t10.71.0.3\n")
    }

    @Test func theAgentGoesIntoAnImageOfOthersAndOntoASerialPort() async throws {
        let recipe =
            Self.boot + """
                local root = qsh.initramfs.new {
                  busybox = true, init = "#!/bin/sh\\nmount -t proc p /proc\\nexec sh\\n" }
                root:write("foreign.img")
                qsh.proc.run { "gzip", "foreign.img" }
                local m <close> = boot { initramfs = "foreign.img.gz", agent = true }
                -- Its own init, before it becomes the shell or after.
                print(m:succeed("grep -Ec '(^|/)sh' /proc/1/cmdline").stdout)
                m:kill()
                local bytes = {}
                for number = 0, 4095 do bytes[#bytes + 1] = string.char(number * 7 % 256) end
                local s <close> = boot { agent = "serial" }
                local sent = table.concat(bytes)
                assert(s:execute("cat", { stdin = sent }).stdout == sent)
                s:succeed("grep -q qsh.agent=ttyS1 /proc/cmdline")
                """

        let run = try await QshRun(recipe: recipe).finish()

        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout == "1\n\n")
    }

    @Test func whatCannotBeIsToldBeforeBoot() async throws {
        let recipe =
            Self.boot + """
                for _, options in ipairs {
                  { drives = "none.img" }, { drives = { { "recipe.lua", persit = true } } },
                  { share = "none" }, { forward = { 99999 } }, { network = "eth0" },
                  { agent = "serail" }, { gdb = 0 },
                  { arch = "arm64", kernel = "x", agent = "serial" },
                } do
                  local _, err = qsh.machine.try_boot(options)
                  print(err)
                end
                """

        let run = try await QshRun(recipe: recipe).finish()

        let lines = run.stdout.split(separator: "\n").map(String.init)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(lines.count == 8)
        #expect(lines.first == "drives `none.img`: no such file")
        #expect(
            lines.dropFirst().first
                == "qsh.machine.try_boot: drives: unknown option `persit`; did you mean `persist`?")
        #expect(lines.dropFirst(2).first == "share `none`: expected a folder that is there")
    }
}
