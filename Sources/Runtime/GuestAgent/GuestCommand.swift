/// One of a command's two outputs.
public enum GuestStream: Sendable {
    case stdout
    case stderr
}

/// Where a command's standard input, or a file's content, comes from.
public enum GuestInput: Sendable {
    /// End of file at once.
    case none
    case bytes([UInt8])
    /// Called for the next piece each time there is room for one; an empty one is the end.
    case source(@LoopActor () async throws -> [UInt8])
}

/// A command to run in a guest, as a value.
public struct GuestCommand: Sendable {
    /// What is run.
    public enum Program: Sendable, Equatable {
        /// A text for `/bin/sh -c`.
        case shell(String)
        /// A program, looked up in `PATH` unless it holds a slash, and its arguments.
        case arguments([String])
    }

    /// Receives output as it comes; the command is held up while it runs.
    public typealias Receiver = @LoopActor (GuestStream, [UInt8]) async throws -> Void

    /// What is run.
    public var program: Program
    /// Its standard input.
    public var input: GuestInput
    /// Variables on top of ``defaultEnvironment``.
    public var environment: [String: String]
    /// Where the command starts; absolute.
    public var workingDirectory: String
    /// Most bytes collected from both outputs together; a command that writes more is killed.
    public var outputLimit: Int
    /// Receives the output instead of the result, which then holds none.
    public var onOutput: Receiver?

    /// What every command finds in its environment unless it says otherwise.
    public static let defaultEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/sh", "TERM": "dumb",
    ]

    /// Makes a command without input that starts in `/`.
    public init(
        _ program: Program, input: GuestInput = .none, environment: [String: String] = [:],
        workingDirectory: String = "/", outputLimit: Int = 256 << 20, onOutput: Receiver? = nil
    ) {
        self.program = program
        self.input = input
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.outputLimit = outputLimit
        self.onOutput = onOutput
    }

    /// The argument list that the guest executes.
    var argumentList: [String] {
        switch program {
        case .shell(let text): ["/bin/sh", "-c", text]
        case .arguments(let list): list
        }
    }

    /// As a user would type it, shortened; for messages.
    var summary: String {
        let text =
            switch program {
            case .shell(let text): text
            case .arguments(let list): list.joined(separator: " ")
            }
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).first ?? ""
        return line.count < text.count || line.count > 60 ? line.prefix(60) + "…" : text
    }
}

/// How a command in a guest ended, and what it wrote.
public struct GuestResult: Sendable, Equatable {
    /// Exit code; nil where a signal ended it.
    public var code: Int32?
    /// The signal that ended it; nil where it exited.
    public var signal: Int32?
    /// Exact bytes; empty where they went to ``GuestCommand/onOutput``.
    public var stdout: [UInt8]
    /// Exact bytes; empty where they went to ``GuestCommand/onOutput``.
    public var stderr: [UInt8]

    /// Makes a result; for tests and fakes.
    public init(
        code: Int32? = nil, signal: Int32? = nil, stdout: [UInt8] = [], stderr: [UInt8] = []
    ) {
        self.code = code
        self.signal = signal
        self.stdout = stdout
        self.stderr = stderr
    }

    /// Whether it exited with code 0.
    public var succeeded: Bool { code == 0 }
}

/// What the agent says about itself and its guest when it connects.
public struct GuestAgentInfo: Sendable, Equatable {
    /// The version of the protocol that it speaks.
    public var protocolVersion: UInt32
    /// The guest's page size in bytes.
    public var pageSize: Int
    /// The agent's process in the guest.
    public var processID: Int32
    /// The ELF machine number (`EM_X86_64` is 62).
    public var elfMachine: UInt32
    /// As `uname -r` prints it.
    public var kernelRelease: String
    /// Whether the guest's init has mounted and made what it wants; true where it does not say.
    public var rootIsReady: Bool
}
