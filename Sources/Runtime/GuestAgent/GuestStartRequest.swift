import SystemPackage

/// What a ``GuestProcess`` asks the agent to start: a command or a file transfer, as a value.
struct GuestStartRequest {
    var task: GuestFrame.Task
    var fileMode: UInt32 = 0
    var directory = "/"
    var arguments: [String]
    var environment: [String: String] = [:]
    var input = GuestInput.none
    var outputLimit = Int.max
    var onOutput: GuestCommand.Receiver?
    /// The user's words, for messages.
    var summary: String

    /// Lays out the payload of the start frame.
    func payload() throws(GuestAgentError) -> [UInt8] {
        guard let program = arguments.first, !program.isEmpty else { throw .emptyCommand }
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        try refuseNUL(variables)
        var bytes: [UInt8] = []
        bytes.append(littleEndian: task.rawValue)
        bytes.append(littleEndian: fileMode)
        bytes.append(littleEndian: UInt32(arguments.count))
        bytes.append(littleEndian: UInt32(variables.count))
        for text in [directory] + arguments + variables {
            bytes += text.utf8
            bytes.append(0)
        }
        guard bytes.count <= GuestFrame.payloadLimit else {
            throw .argumentsTooLong(bytes: bytes.count, limit: GuestFrame.payloadLimit)
        }
        return bytes
    }

    private func refuseNUL(_ variables: [String]) throws(GuestAgentError) {
        if directory.utf8.contains(0) { throw .holdsNUL(what: "the directory") }
        if let index = arguments.firstIndex(where: { $0.utf8.contains(0) }) {
            throw .holdsNUL(what: task == .run ? "argument \(index)" : "the path")
        }
        if let bad = variables.first(where: { $0.utf8.contains(0) }) {
            throw .holdsNUL(what: "the variable `\(bad.prefix { $0 != "=" })`")
        }
    }

    /// Says what the agent's report of a failure means for this request.
    func error(_ errno: Errno, at stage: GuestFrame.Stage?) -> GuestAgentError {
        let subject = arguments.first ?? ""
        return switch stage {
        case .directory: .cannotEnter(directory: directory, errno)
        case .openFile: .file(path: subject, action: "open", errno)
        case .readFile: .file(path: subject, action: "read", errno)
        case .writeFile: .file(path: subject, action: "write", errno)
        case .execute: .cannotStart(command: summary, program: subject, errno)
        case .spawn, .root, nil: .refused(action: "starting `\(summary)`", errno)
        }
    }
}

extension CommandChannel {
    /// Starts a command, once the agent is connected.
    ///
    /// Output that nobody takes with ``GuestProcess/finish(until:)`` holds the command up when a
    /// receiver is set, and is collected otherwise.
    ///
    /// - Throws: ``GuestAgentError`` or `CancellationError`.
    public func start(
        _ command: GuestCommand, until deadline: Deadline
    ) async throws -> GuestProcess {
        let environment = GuestCommand.defaultEnvironment.merging(command.environment) { $1 }
        return try await start(
            GuestStartRequest(
                task: .run, directory: command.workingDirectory, arguments: command.argumentList,
                environment: environment, input: command.input, outputLimit: command.outputLimit,
                onOutput: command.onOutput, summary: command.summary),
            until: deadline)
    }

    /// Runs a command to its end; it is killed where the deadline passes or the task is cancelled.
    ///
    /// A background process that keeps the command's outputs open does not hold the answer back.
    ///
    /// - Returns: exit code or signal, and the exact bytes of both outputs.
    /// - Throws: ``GuestAgentError``, what the receiver or the source of the input threw, or
    ///   `CancellationError`.
    public func execute(
        _ command: GuestCommand, until deadline: Deadline
    ) async throws -> GuestResult {
        try await start(command, until: deadline).finish(until: deadline)
    }

    /// Copies the file at `path` in the guest out, in pieces and in bounded memory.
    ///
    /// - Throws: ``GuestAgentError``, what `receive` threw, or `CancellationError`.
    public func copyOut(
        _ path: String, until deadline: Deadline,
        _ receive: @escaping @LoopActor ([UInt8]) async throws -> Void
    ) async throws {
        let request = GuestStartRequest(
            task: .readFile, arguments: [path], onOutput: { _, bytes in try await receive(bytes) },
            summary: "copy of \(path)")
        try await transfer(request, action: "read", until: deadline)
    }

    /// Makes the file at `path` in the guest: written under a temporary name and renamed, so that
    /// it is there complete or not at all. A device or FIFO is written to as it is.
    ///
    /// - Parameter mode: permission bits, `0o755` for example.
    /// - Throws: ``GuestAgentError``, what the source threw, or `CancellationError`.
    public func copyIn(
        _ path: String, mode: UInt32 = 0o644, from input: GuestInput, until deadline: Deadline
    ) async throws {
        let request = GuestStartRequest(
            task: .writeFile, fileMode: mode & 0o7777, arguments: [path], input: input,
            summary: "copy to \(path)")
        try await transfer(request, action: "write", until: deadline)
    }

    private func transfer(
        _ request: GuestStartRequest, action: String, until deadline: Deadline
    ) async throws {
        let result = try await start(request, until: deadline).finish(until: deadline)
        // The agent reports its own errors; this is somebody else's kill.
        if !result.succeeded {
            throw GuestAgentError.file(
                path: request.arguments[0], action: action, Errno.interrupted)
        }
    }

    private func start(
        _ request: GuestStartRequest, until deadline: Deadline
    ) async throws -> GuestProcess {
        try await waitUntilReady(until: deadline)
        return try GuestProcess(request, on: self)
    }
}
