import CLinux
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// A console that keeps what it is sent.
@LoopActor
private final class FakeMachine {
    var sent: [UInt8] = []
    var sizes: [TerminalSize] = []
    var windowSizes: [TerminalSize] = []
    var breaks = 0
    var subscriber: (@LoopActor (UnsafeRawBufferPointer) -> Void)?
    var hasEnded = false
    let changed = Broadcast()

    var peer: TerminalPeer {
        var peer = TerminalPeer(
            send: {
                self.sent += $0
                self.changed.notify()
            },
            subscribe: {
                self.subscriber = $0
                return 7
            },
            unsubscribe: {
                #expect($0 == 7)
                self.subscriber = nil
            },
            changed: changed, hasEnded: { self.hasEnded })
        peer.sendBreak = {
            self.breaks += 1
            self.changed.notify()
        }
        peer.sendSize = {
            self.sizes.append($0)
            self.changed.notify()
        }
        peer.sizeChanged = {
            self.windowSizes.append($0)
            self.changed.notify()
        }
        return peer
    }

    func print(_ text: String) {
        var text = text
        text.withUTF8 { subscriber?(UnsafeRawBufferPointer($0)) }
    }

    func end() {
        hasEnded = true
        changed.notify()
    }

    func waitFor(_ condition: @LoopActor () -> Bool) async throws -> Bool {
        try await changed.wait(until: .after(.seconds(10)), for: condition)
    }
}

/// One after the other: a process can hold one terminal only.
@Suite(.serialized) struct TerminalSessionTests {
    init() { TestLoop.start() }

    @LoopActor
    private func attached(
        _ body: @escaping @LoopActor (TestTerminal, FakeMachine) async throws -> Void,
        recent: String = "", end: String? = "\u{1d}."
    ) async throws -> (Result<TerminalSessionExit, any Error>, TestTerminal, FakeMachine) {
        let terminal = try TestTerminal()
        let machine = FakeMachine()
        let configuration = TerminalSessionConfiguration(
            name: "vm0", recent: Array(recent.utf8), descriptor: terminal.slave)
        let box = ResultBox()
        let session = LoopActor.task {
            do {
                box.result = .success(
                    try await TerminalSession.interact(with: machine.peer, configuration))
            } catch { box.result = .failure(error) }
        }
        let isShown = try await terminal.waitToShow("then ? helps]".replacing("]", with: ""))
        #expect(isShown)
        #expect(!terminal.isCooked)
        try await body(terminal, machine)
        if let end { terminal.type(end) } else if !machine.hasEnded { session.cancel() }
        await session.value
        #expect(terminal.isCooked)
        #expect(machine.subscriber == nil)
        _ = try await terminal.waitToShow("vm0`\r", limit: .zero)
        let result = try #require(box.result)
        return (result, terminal, machine)
    }

    @LoopActor
    private final class ResultBox {
        var result: Result<TerminalSessionExit, any Error>?
    }

    @Test @LoopActor func carriesBytesBothWaysAndLeaves() async throws {
        let (result, terminal, machine) = try await attached { terminal, machine async throws in
            machine.print("uname -a\r\n")
            terminal.type("ls\r\u{3}\u{1a}\u{11}\u{13}")
            #expect(try await machine.waitFor { machine.sent.count == 7 })
            #expect(try await terminal.waitToShow("uname -a\r\n"))
        }

        #expect(try result.get() == .left)
        #expect(machine.sent == Array("ls\r\u{3}\u{1a}\u{11}\u{13}".utf8))
        #expect(try await terminal.waitToShow("goes on\r\n"))
        #expect(
            terminal.text == """
                \r
                [qsh] attached to `vm0`; Ctrl-] then . leaves, Ctrl-] then ? helps\r
                uname -a\r
                \(Self.resetText)\r
                [qsh] left `vm0`, which goes on\r\n
                """)
    }

    /// What undoes the guest's modes; nothing in it moves the cursor.
    private static let resetText =
        "\u{1b}[?2004l\u{1b}[?1000l\u{1b}[?1002l\u{1b}[?1003l\u{1b}[?1006l\u{1b}[?1004l"
        + "\u{1b}[?25h\u{1b}[0m\u{1b}>\u{1b}[?1l"

    @Test @LoopActor func showsWhatWaitedBefore() async throws {
        let (_, terminal, _) = try await attached(
            { terminal, _ async throws in
                #expect(try await terminal.waitToShow("[rootfs ]# "))
            }, recent: "[rootfs ]# ")

        #expect(terminal.text.contains("helps\r\n[rootfs ]# "))
    }

    @Test @LoopActor func endsWithTheMachineAndShowsItsLastWords() async throws {
        let (result, terminal, _) = try await attached(
            { _, machine async throws in
                machine.print("reboot: Power down\r\n")
                machine.end()
            }, end: nil)

        #expect(try result.get() == .machineEnded)
        #expect(try await terminal.waitToShow("[qsh] `vm0` has ended"))
        #expect(terminal.text.contains("Power down\r\n"))
    }

    @Test @LoopActor func aMachineThatHasEndedIsLeftAtOnce() async throws {
        let terminal = try TestTerminal()
        let machine = FakeMachine()
        machine.end()

        let result = try await TerminalSession.interact(
            with: machine.peer,
            TerminalSessionConfiguration(name: "vm0", descriptor: terminal.slave))

        #expect(result == .machineEnded)
        #expect(terminal.isCooked)
    }

    @Test @LoopActor func cancellingRestores() async throws {
        let (result, _, _) = try await attached({ _, _ in }, end: nil)

        #expect(throws: CancellationError.self) { try result.get() }
    }

    @Test @LoopActor func commandKeysReachTheirFunctions() async throws {
        let (_, terminal, machine) = try await attached { terminal, machine async throws in
            terminal.type("\u{1d}b\u{1d}w\u{1d}]\u{1d}?\u{1d}z")
            #expect(try await machine.waitFor { machine.breaks == 1 && machine.sent == [0x1d] })
            #expect(try await terminal.waitToShow("is no command"))
        }

        #expect(machine.sizes == [TerminalSize(rows: 24, columns: 80)])
        #expect(
            terminal.text.contains(
                """
                [qsh] Ctrl-] then:\r
                [qsh]   . or q  leave, the machine goes on\r
                [qsh]   Ctrl-]  send Ctrl-] itself (or its character)
                """))
        #expect(terminal.text.contains("[qsh] `z` is no command; Ctrl-] then ? helps\r\n"))
    }

    @Test @LoopActor func aChangedWindowIsToldAtOnce() async throws {
        let (_, _, machine) = try await attached { terminal, machine async throws in
            qterminal_set_size(terminal.slave, 50, 132)
            // The kernel tells the terminal's own foreground group, which this process is not.
            kill(getpid(), SIGWINCH)
            #expect(try await machine.waitFor { machine.windowSizes.count == 2 })
        }

        let sizes = [TerminalSize(rows: 24, columns: 80), TerminalSize(rows: 50, columns: 132)]
        #expect(machine.windowSizes == sizes)
        #expect(machine.sent == [])
    }

    @Test @LoopActor func anAnswerThatComesLateIsSwallowed() async throws {
        let (_, terminal, machine) = try await attached { terminal, machine async throws in
            terminal.onShown = { bytes in
                // The answer to the prompt's question comes after the user has left.
                if bytes.contains(UInt8(ascii: "n")) { terminal.type("\u{1d}.\u{1b}[24;13R") }
            }
            machine.print("\u{1b}[6n")
        }

        #expect(machine.sent == [])
        #expect(bytesToRead(terminal.slave) == 0)
    }

    @Test @LoopActor func aStalledTerminalNeitherBlocksNorGrows() async throws {
        let chunk = String(repeating: "0123456789abcde\n", count: 4096)
        let (_, terminal, _) = try await attached { terminal, machine async throws in
            terminal.stall()
            for _ in 0..<64 { machine.print(chunk) }
            terminal.goOn()
            #expect(try await terminal.waitToShow("bytes not shown"))
        }

        #expect(terminal.shown.count < 3 << 20)
    }

    @Test @LoopActor func aTerminalThatIsStalledForGoodLetsGo() async throws {
        let terminal = try TestTerminal()
        let machine = FakeMachine()
        let session = LoopActor.task {
            _ = try? await TerminalSession.interact(
                with: machine.peer,
                TerminalSessionConfiguration(name: "vm0", descriptor: terminal.slave))
        }
        _ = try await terminal.waitToShow("helps")
        terminal.stall()
        machine.print(String(repeating: "flood\r\n", count: 20_000))
        let start = Deadline.now
        machine.end()
        await session.value

        #expect(Deadline.now - start < .seconds(8))
        #expect(terminal.isCooked)
    }

    @Test @LoopActor func theSharedDescriptionStaysBlocking() async throws {
        _ = try await attached { terminal, _ async throws in
            #expect(fcntl(terminal.slave, F_GETFL) & O_NONBLOCK == 0)
        }
    }

    @Test @LoopActor func aPipeIsNoTerminal() async throws {
        let pipe = try TestPipe()

        let error = await #expect(throws: TerminalError.self) {
            try await TerminalSession.interact(
                with: FakeMachine().peer,
                TerminalSessionConfiguration(name: "vm0", descriptor: pipe.writingEnd))
        }

        #expect(
            error?.diagnostic.message
                == "cannot attach to the console: standard input is not a terminal")
    }

    @Test @LoopActor func aSecondSessionIsRefusedAndTheFirstGoesOn() async throws {
        _ = try await attached { terminal, machine async throws in
            let error = await #expect(throws: TerminalError.self) {
                try await TerminalSession.interact(
                    with: machine.peer,
                    TerminalSessionConfiguration(name: "vm1", descriptor: terminal.slave))
            }
            #expect(
                error?.diagnostic.message
                    == "cannot attach to the console: the terminal is attached to another one")
            #expect(!terminal.isCooked)
        }
    }

    @Test @LoopActor func theGuardHoldsTheTerminalAndOnePipeAndGoes() async throws {
        let terminal = try TestTerminal()
        let mode = try TerminalMode(raw: terminal.slave)
        let guardPID = try #require(mode.guardPID)
        let pidfd = try ChildlessProcess(guardPID)

        // It closes what it inherited soon after the fork.
        #expect(try await pidfd.waitForDescriptors(["0", "1"]))
        mode.restore()

        #expect(try await pidfd.waitForEnd())
        #expect(terminal.isCooked)
    }

    @Test @LoopActor func hundredSessionsLeaveNoDescriptorBehind() async throws {
        let terminal = try TestTerminal()
        let before = FileTree.names(in: "/proc/self/fd").count
        for _ in 0..<100 { try TerminalMode(raw: terminal.slave).restore() }

        #expect(FileTree.names(in: "/proc/self/fd").count <= before + 8)
        #expect(terminal.isCooked)
    }
}

private func bytesToRead(_ descriptor: Int32) -> Int32 {
    var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&ready, 1, 0)
}

/// Watches a process that is no child.
@LoopActor
private final class ChildlessProcess {
    private let pid: Int32
    init(_ pid: Int32) throws { self.pid = pid }

    func waitForDescriptors(_ names: [String]) async throws -> Bool {
        try await wait { FileTree.names(in: FilePath("/proc/\(self.pid)/fd")) == names }
    }

    func waitForEnd() async throws -> Bool { try await wait { kill(self.pid, 0) != 0 } }

    private func wait(_ condition: @LoopActor () -> Bool) async throws -> Bool {
        let deadline = Deadline.after(.seconds(10))
        while !condition() {
            if deadline.hasPassed { return false }
            _ = try await Broadcast().wait(until: .after(.milliseconds(2))) { false }
        }
        return true
    }
}
