import Testing

/// Commands in a real guest, seen from a recipe.
@Suite(.serialized) struct GuestCommandTests {
    @Test func bytesStatusesAndSignalsComeBackExactly() async throws {
        let recipe = """
            local random = assert(io.open("/dev/urandom", "rb"))
            local bytes = random:read(1 << 20)
            random:close()
            local file = assert(io.open("random", "wb"))
            file:write(bytes):close()
            local m <close> = qsh.machine.boot {
              kernel = qsh.kernel.find(), initramfs = qsh.initramfs.new { busybox = true },
              accel = "tcg",
            }
            m.console:expect("[rootfs ]#") -- /tmp is mounted by then
            m:copy_to("random", "/tmp/random")
            local both = m:succeed("cat /tmp/random; cat /tmp/random >&2; echo noise > /dev/kmsg")
            assert(both.stdout == bytes and both.stderr == bytes)
            assert(m:execute("cat", { stdin = bytes }).stdout == bytes)
            assert(m:execute("exit 7").code == 7)
            assert(m:execute("kill -9 $$").signal == 9)
            assert(m:execute("sleep 60 & echo here").stdout == "here\\n")
            m:copy_from("/tmp/random", "back")
            assert(assert(io.open("back", "rb")):read("a") == bytes)
            print("exact")
            """

        let run = try await QshRun(recipe: recipe).finish()

        #expect(run.stdout == "exact\n", "\(run.stderr)")
        #expect(run.status == 0)
    }
}
