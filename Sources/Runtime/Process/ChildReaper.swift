import CLinux
import Glibc

/// The part of a child that must outlive its owner: the loop keeps it until the process is reaped,
/// so that no zombie stays and nobody waits in the kernel for one.
@LoopActor
final class ChildReaper {
    private(set) var exit: ProcessExit?
    let changed = Broadcast()

    private let pid: Int32
    private let pidfd: Int32
    private var watch: DescriptorWatch?

    init(_ child: qspawn_child) {
        pid = child.pid
        pidfd = child.pidfd
        watch = EventLoop.shared.watch(pidfd, for: .readable) { _ in self.reap() }
    }

    /// Signals the whole group.
    func signal(_ number: Int32) {
        guard exit == nil else { return }
        // Not yet reaped, so neither number can belong to anybody else.
        if kill(-pid, number) != 0 { kill(pid, number) }
    }

    private func reap() {
        guard exit == nil, isZombie else { return }
        // What is left of the group, while its number is still ours.
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        exit = ProcessExit(waitStatus: status)
        watch?.cancel()
        watch = nil
        close(pidfd)
        changed.notify()
    }

    private var isZombie: Bool {
        var information = siginfo_t()
        let result = waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT | WNOHANG)
        return result == 0 && information.si_signo == SIGCHLD
    }
}
