import SystemPackage

/// There is no such machine, or more than one, or it does not answer.
public struct RunningMachineError: DiagnosticError, Equatable {
    private enum Reason: Equatable {
        case none
        case unknown(String)
        case several(String?)
        case unreachable(RunningMachine, Errno)
    }

    private let reason: Reason
    private let machines: [RunningMachine]

    init(asked: String?, found: [RunningMachine], all: [RunningMachine]) {
        machines = found.isEmpty ? all : found
        reason =
            if found.count > 1 {
                .several(asked)
            } else if let asked {
                .unknown(asked)
            } else {
                .none
            }
    }

    init(unreachable machine: RunningMachine, _ why: Errno) {
        reason = .unreachable(machine, why)
        machines = []
    }

    /// The text of the error.
    public var diagnostic: Diagnostic {
        Diagnostic(.usage, message, notes: notes, hint: hint)
    }

    private var message: String {
        switch reason {
        case .none: "no machine runs"
        case .unknown(let word): "no machine `\(word)` runs"
        case .several(let word?): "`\(word)` may mean any of \(machines.count) machines"
        case .several(nil): "\(machines.count) machines run, and none is named"
        case .unreachable(let machine, let why):
            "machine `\(machine.name)`: its console does not answer: \(why.lowercased)"
        }
    }

    private var notes: [String] {
        guard !machines.isEmpty else { return [] }
        let lines = machines.map { "\($0.id) (QEMU is process \($0.pid))" }
        return ["these run:\n" + lines.joined(separator: "\n")]
    }

    private var hint: String? {
        switch reason {
        case .unknown(let word):
            nearest(to: word, among: machines.flatMap { [$0.name, $0.id] })
                .map { "did you mean `\($0)`?" }
        case .several: "name one by its whole id or by QEMU's process number"
        case .none: "a machine runs as long as the recipe or the prompt that booted it"
        case .unreachable(let machine, _): "process \(machine.owner) owns it: is it stopped?"
        }
    }
}
