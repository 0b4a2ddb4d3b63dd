import Glibc
import QshRuntime

/// Exchanges lines with an echo peer, on one console or on many at once.
@LoopActor
struct Exchange {
    var peer: String
    var count: Int
    var consoles: Int

    /// Prints seconds, CPU seconds, exchanges; the start of the peer is not counted.
    func run() async throws {
        var all: [Console] = []
        var children: [ChildProcess] = []
        // So many descriptors can be handed to one child.
        for first in stride(from: 0, to: consoles, by: 50) {
            let (child, consoles) = try peer(of: min(50, consoles - first))
            children.append(child)
            all += consoles
        }
        for console in all { try await talk(console, -1..<0) }
        let (start, before) = (Deadline.now, cpu)
        let left = Left(consoles)
        for console in all {
            LoopActor.task {
                do {
                    try await talk(console, 0..<count)
                } catch {
                    print("error: \(error)")
                }
                left.take()
            }
        }
        _ = try await left.changed.wait(until: .never) { left.count == 0 }
        print((Deadline.now - start).seconds, cpu - before, count * consoles)
        for child in children { child.signal(SIGKILL) }
    }

    private func peer(of count: Int) throws -> (ChildProcess, [Console]) {
        var descriptors: [Int32: Int32] = [:]
        let consoles = try (0..<count).map { index in
            let (channel, far) = try ByteChannel.pair()
            descriptors[3 + Int32(index)] = far
            let console = Console(transcript: Transcript())
            console.attach(channel)
            return console
        }
        let child = try ChildProcess.spawn(
            Command([peer, String(count)]), descriptors: descriptors)
        for far in descriptors.values { close(far) }
        return (child, consoles)
    }

    private func talk(_ console: Console, _ numbers: Range<Int>) async throws {
        for number in numbers {
            try await console.sendline("ask \(number)")
            _ = try await console.expect(
                "answer ask \(number)\n", limits: ExpectLimits(total: .seconds(600)))
        }
    }

    private var cpu: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) {
            $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
        }
    }
}

@LoopActor
private final class Left {
    private(set) var count: Int
    let changed = Broadcast()

    init(_ count: Int) { self.count = count }

    func take() {
        count -= 1
        changed.notify()
    }
}
