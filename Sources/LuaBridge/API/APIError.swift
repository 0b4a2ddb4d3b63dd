import QshRuntime

/// What is wrong with the arguments of an API call beyond their types.
enum APIError: DiagnosticError {
    /// Exactly one of two options is needed.
    case exclusive(String, String, String)
    /// A node's type and its numbers do not fit.
    case nodeNumbers(String, String)
    /// Files can only be copied by the agent.
    case noAgent
    /// An option of a command that only the agent can carry.
    case optionNeedsAgent(String)
    /// `qsh.timeout_scale` was set to something else than a factor.
    case badTimeoutScale(got: String)
    /// A kernel that cannot mount a shared folder.
    case noSharing
    /// An architecture whose board has one serial port.
    case noSecondSerial(String)
    /// A snapshot that was released before.
    case releasedSnapshot
    /// A file mode given as a number.
    case modeIsNumber(LuaArgumentError)

    var diagnostic: Diagnostic {
        switch self {
        case .exclusive(let function, let first, let second):
            Diagnostic(.usage, "\(function): expected either `\(first)` or `\(second)`")
        case .nodeNumbers(let function, "p"):
            Diagnostic(.usage, "\(function): a fifo has no `major` and `minor`")
        case .nodeNumbers(let function, let type):
            Diagnostic(.usage, "\(function): type `\(type)` needs `major` and `minor`")
        case .optionNeedsAgent(let option):
            Diagnostic(
                .usage, "option `\(option)` of a guest command: the machine has no agent",
                hint: "boot a qsh.initramfs without `agent = false`, or write it into the command")
        case .noAgent:
            Diagnostic(
                .usage, "cannot copy files: the machine has no agent",
                hint: "boot a qsh.initramfs without `agent = false`")
        case .badTimeoutScale(let got):
            Diagnostic(.usage, "`qsh.timeout_scale` expects a number above 0, got \(got)")
        case .noSharing:
            Diagnostic(
                .configUnmet, "option `share`: the kernel has no module `9p`",
                hint: "use a kernel with CONFIG_9P_FS and CONFIG_NET_9P_VIRTIO, or `copy_to`")
        case .noSecondSerial(let arch):
            Diagnostic(
                .usage, "option `agent`: machines of \(arch) have no second serial port",
                hint: "set `agent = true` for a virtio port")
        case .releasedSnapshot:
            Diagnostic(.usage, "snapshot: it was released, expected one that is kept")
        case .modeIsNumber(let error):
            error.diagnostic.with {
                $0.hint = "Lua has no octal numbers (0755 is 755), so write the mode as a string"
            }
        }
    }
}

extension Diagnostic {
    /// A copy with something changed.
    func with(_ change: (inout Diagnostic) -> Void) -> Diagnostic {
        var copy = self
        change(&copy)
        return copy
    }
}

extension LuaOptions {
    /// A number of 32 bits without a sign.
    func number32(_ key: String) throws -> UInt32? {
        try integer(key).map { value in
            guard let number = UInt32(exactly: value) else {
                throw mismatch(key, expects: "a number from 0 to 4294967295")
            }
            return number
        }
    }
}
