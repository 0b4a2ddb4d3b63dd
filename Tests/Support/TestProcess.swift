import Glibc
import QshRuntime
import SystemPackage

/// Whether the process `pid` has ended.
///
/// A zombie counts: whether the host's process 1 collects its orphans at once is not qsh's
/// business.
public func processIsGone(_ pid: Int32) -> Bool {
    guard kill(pid, 0) == 0 else { return true }
    let stat = try? FileDescriptor.open(FilePath("/proc/\(pid)/stat"), .readOnly)
    guard let stat else { return true }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = try? stat.closeAfter {
        try bytes.withUnsafeMutableBytes { try stat.read(into: $0) }
    }
    return String(decoding: bytes.prefix(count ?? 0), as: UTF8.self).contains(") Z ")
}

/// Waits until the process `pid`, of which nothing else tells the end, is gone.
///
/// - Returns: false where it is still there after `limit`.
@LoopActor
public func processIsGone(_ pid: Int32, within limit: Duration) async throws -> Bool {
    let deadline = Deadline.after(limit)
    let never = Broadcast()
    while !processIsGone(pid), !deadline.hasPassed {
        _ = try await never.wait(until: .after(.milliseconds(5))) { false }
    }
    return processIsGone(pid)
}
