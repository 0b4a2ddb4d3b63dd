/// An error about a part of a machine, with the machine's command line added.
public struct MachinePartError: DiagnosticError {
    /// What was thrown at first.
    public let underlying: any DiagnosticError
    /// The text of the error.
    public let diagnostic: Diagnostic
}

extension Machine {
    /// Returns what a failed wait or command on this machine is to be reported as.
    ///
    /// A console or channel that ends is only a symptom: where the machine ended badly, or never
    /// printed a byte, that is the error. Others get the command line to reproduce them.
    public func explanation(of error: any Error) async -> any Error {
        switch error {
        case let error as ConsoleError:
            switch error {
            case .ended, .notSent: await awaitEnd()
            case .timedOut(let limit, _), .silent(let limit, _):
                if console.transcript.count == 0 { return self.error(.stillRuns(after: limit)) }
            case .crashed: return reproducible(error)
            default: return error
            }
            return failure ?? reproducible(error)
        case let error as GuestAgentError:
            if error == .channelEnded { await awaitEnd() }
            return failure ?? error
        case let error as QMPError:
            if case .ended = error { await awaitEnd() }
            return failure ?? error
        default:
            return error
        }
    }

    private func awaitEnd() async { _ = try? await wait(until: .after(.seconds(3))) }

    private func reproducible(_ error: any DiagnosticError) -> any Error {
        var diagnostic = error.diagnostic
        diagnostic.reproduce = reproduce
        if diagnostic.hint == nil, diagnostic.verdict == .timeout {
            diagnostic.hint = "hold the last lines against what was waited for, or raise `timeout`"
        }
        return MachinePartError(underlying: error, diagnostic: diagnostic)
    }
}
