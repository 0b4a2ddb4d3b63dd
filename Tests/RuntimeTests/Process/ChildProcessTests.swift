import Glibc
import QshRuntime
import SystemPackage
import TestSupport
import Testing

@Suite struct ChildProcessTests {
    init() { TestLoop.start() }

    @Test @LoopActor func twoHundredChildrenLeaveNothingBehind() async throws {
        let before = openDescriptors()
        var pids: [Int32] = []

        for _ in 0..<20 {
            let children = try (0..<10).map { _ in try ChildProcess.spawn(Command(["true"])) }
            for child in children {
                #expect(try await child.waitForExit(until: .after(.seconds(20))) == .exited(0))
                pids.append(child.pid)
            }
        }

        // Other suites run beside this one, so the count is not exact; a leak would be 200.
        #expect(openDescriptors() < before + 50)
        #expect(pids.count == 200)
        // A zombie would still be our child.
        #expect(pids.allSatisfy { waitpid($0, nil, WNOHANG) == -1 })
    }

    @Test @LoopActor func placesDescriptorsAndClosesTheRest() async throws {
        let low = try TestPipe()
        let high = try TestPipe()
        let crossed = high.writingEnd
        // Crossed on purpose: each number is taken by the other descriptor here.
        let child = try ChildProcess.spawn(
            Command(["bash", "-c", "echo low >&\(crossed); echo nine >&9; ls /proc/self/fd >&9"]),
            descriptors: [crossed: low.writingEnd, 9: high.writingEnd])

        #expect(try await child.waitForExit(until: .after(.seconds(20))) == .exited(0))
        #expect(try await low.waitForEnd(until: .after(.seconds(5))))
        #expect(try await high.waitForEnd(until: .after(.seconds(5))))
        #expect(String(decoding: low.received, as: UTF8.self) == "low\n")
        let seen = Set(String(decoding: high.received, as: UTF8.self).split(separator: "\n"))
        // 3 is the folder that `ls` reads, and it may have been one of the numbers above.
        let given = Set(["nine", "0", "1", "2", "9", "\(crossed)"].map { Substring($0) })
        #expect(seen.isSuperset(of: given))
        #expect(seen.subtracting(given).count <= 1)
    }

    @Test(arguments: [ChildProcess.Isolation.newSession, .newGroup])
    @LoopActor func standsInAGroupOfItsOwn(isolation: ChildProcess.Isolation) async throws {
        let child = try ChildProcess.spawn(Command(["sleep", "100"]), isolation: isolation)

        #expect(getpgid(child.pid) == child.pid)
        #expect((getsid(child.pid) == child.pid) == (isolation == .newSession))
        await child.stop()
        #expect(child.exit == .signalled(SIGTERM))
    }

    @Test @LoopActor func grandchildrenGoWithTheChild() async throws {
        let pipe = try TestPipe()
        let child = try ChildProcess.spawn(
            Command(["sh", "-c", "sleep 100 5>&5 & sleep 100 & exit 7"]),
            descriptors: [5: pipe.writingEnd])

        #expect(try await child.waitForExit(until: .after(.seconds(20))) == .exited(7))
        #expect(try await pipe.waitForEnd(until: .after(.seconds(5))))
    }

    @Test @LoopActor func aDroppedChildIsKilledAndReaped() async throws {
        let pipe = try TestPipe()
        var child: ChildProcess? = try ChildProcess.spawn(
            Command(["sleep", "100"]), descriptors: [5: pipe.writingEnd])
        let ended = try #require(child?.changed)
        let pid = try #require(child?.pid)

        child = nil

        #expect(try await ended.wait(until: .after(.seconds(5))) { kill(pid, 0) != 0 })
        #expect(try await pipe.waitForEnd(until: .after(.seconds(5))))
    }

    @Test @LoopActor func stopEndsAChildThatIgnoresSIGTERM() async throws {
        let pipe = try TestPipe()
        let child = try ChildProcess.spawn(
            Command(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]),
            descriptors: [1: pipe.writingEnd])
        _ = try await pipe.line(until: .after(.seconds(5)))

        let exit = await child.stop(grace: .milliseconds(50))

        #expect(exit == .signalled(SIGKILL))
    }

    @Test @LoopActor func startsWithDefaultSignals() async throws {
        let pipe = try TestPipe()
        let child = try ChildProcess.spawn(
            Command(["cat", "/proc/self/status"]), descriptors: [1: pipe.writingEnd])

        _ = try await child.waitForExit(until: .after(.seconds(5)))
        #expect(try await pipe.waitForEnd(until: .after(.seconds(5))))

        let lines = String(decoding: pipe.received, as: UTF8.self).split(separator: "\n")
        for name in ["SigBlk", "SigIgn", "SigCgt"] {
            #expect(lines.contains("\(name):\t0000000000000000"))
        }
    }

    @Test @LoopActor func aChildDiesWithAKilledParent() async throws {
        let output = try TestPipe()
        var alive: [Int32] = [-1, -1]
        #expect(pipe(&alive) == 0)
        let parent = try ChildProcess.spawn(
            Command([BuiltProgram.victim.string, "spawn", "sleep", "100"]),
            descriptors: [1: output.writingEnd, 5: alive[1]])
        close(alive[1])
        let line = try await output.line(until: .after(.seconds(20)))
        let pid = try #require(line.flatMap { Int32($0) })
        #expect(kill(pid, 0) == 0)
        #expect(getsid(pid) == pid)

        kill(parent.pid, SIGKILL)

        // Not by the loop, which other suites share, since the time counts.
        #expect(await endsWithinASecond(alive[0]))
        close(alive[0])
    }
}

/// Whether the last writer of a pipe goes away in time.
private nonisolated func endsWithinASecond(_ descriptor: Int32) async -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, 1000) == 1 && request.revents & Int16(POLLHUP) != 0
}

private func openDescriptors() -> Int {
    var count = 0
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    while readdir(folder) != nil { count += 1 }
    closedir(folder)
    return count
}
