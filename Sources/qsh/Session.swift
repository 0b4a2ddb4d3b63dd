import Glibc
import LuaBridge
import QshRuntime
import SystemPackage

/// One Lua state with the API in it, and what the program adds: messages, signals, verdicts.
@LoopActor
final class Session {
    let lua: LuaState
    /// Consoles whose timelines are to be told.
    private var timed: [(name: String, console: Console)] = []
    private let renderer = DiagnosticRenderer.standardError
    private let isQuiet: Bool
    weak var signals: SignalHandling?
    /// The prompt's part, once there is one.
    private var interaction: Interaction?
    /// What the recipe has failed with, where a prompt is to open for it.
    private var failure: String?

    private init(_ invocation: Invocation) throws {
        isQuiet = invocation.isQuiet
        var configuration = LuaConfiguration()
        if case .file(let path) = invocation.source {
            configuration.moduleFolders = [FilePath(path).removingLastComponent()]
        }
        configuration.libraryFolders = Self.libraryFolders(for: invocation)
        let renderer = renderer
        configuration.onWarning = { Reporter.shared.say("warning: \($0)\n") }
        configuration.onTaskError = { error in
            Reporter.shared.say(renderer.render(error, note: "in a task that nobody waited for"))
        }
        lua = try LuaState(configuration)
    }

    static func open(_ invocation: Invocation) throws -> Session {
        let session = try Session(invocation)
        try QshAPI.install(in: session.lua, session.services(invocation))
        return session
    }

    /// For a recipe of which only the roots are wanted.
    static func open(
        lookingAt path: String, _ roots: RecipeRoots, _ context: CommandContext
    ) throws -> Session {
        let invocation = Invocation(
            file: path, isVerbose: context.isVerbose, isQuiet: context.isQuiet)
        let session = try Session(invocation)
        var services = session.services(invocation)
        services.roots = roots
        try QshAPI.install(in: session.lua, services)
        return session
    }

    /// Runs a recipe to its end.
    ///
    /// - Returns: the exit code.
    static func run(_ invocation: Invocation) async -> Int32 {
        do {
            let chunk = try RecipeSource.read(invocation.source)
            let session = try Session.open(invocation)
            let signals = session.watchSignals()
            defer { signals.cancel() }
            try Session.insert(invocation.cassette, title: chunk.name)
            if invocation.opensPromptOnFailure { try await session.stopAtFailures() }
            let status = await session.run(chunk, invocation.arguments)
            session.reportTimelines()
            if case .record(let recorder)? = Cassette.mode { try recorder.finish() }
            return status
        } catch {
            return Session.report(error)
        }
    }

    private func reportTimelines() {
        for (name, console) in timed {
            StandardError.write("timeline of `\(name)`:\n" + console.timeline.text)
        }
    }

    /// Takes the cassette that the command line names.
    private static func insert(_ request: CassetteRequest?, title: String) throws {
        switch request {
        case nil: break
        case .record(let path):
            Cassette.mode = .record(try CassetteRecorder(FilePath(path), title: title))
        case .replay(let path, let isRealTime):
            let cassette = try Cassette(FilePath(path), isRealTime: isRealTime)
            Cassette.mode = .replay(cassette)
        }
    }

    private func run(_ chunk: LuaChunk, _ arguments: [String]) async -> Int32 {
        var status = Verdict.ok.exitCode
        do {
            _ = try await lua.run(chunk, arguments: arguments)
        } catch let exit as LuaExit {
            status = exit.status
        } catch let error as LuaError {
            StandardError.write(renderer.render(error))
            status = error.diagnostic.verdict.exitCode
        } catch {
            status = Session.report(error)
        }
        await lua.close()
        return status
    }

    /// Prints an error that did not come from Lua.
    nonisolated static func report(_ error: any Error) -> Int32 {
        let diagnostic =
            (error as? any DiagnosticError)?.diagnostic
            ?? Diagnostic(.recipeFailed, "internal error: \(error)")
        StandardError.write(DiagnosticRenderer.standardError.render(diagnostic))
        return diagnostic.verdict.exitCode
    }

    private func services(_ invocation: Invocation) -> QshServices {
        var services = QshServices()
        services.isInteractive = isatty(0) == 1 && isatty(1) == 1
        services.echo = { console, bytes in
            if PromptOutput.shared.takesConsoles {
                PromptOutput.shared.write(
                    console: console.name, transcript: console.transcript, bytes)
            } else {
                StandardOutput.write(bytes)
            }
        }
        if case .interactive = invocation.source {
            services.echoesByDefault = services.isInteractive
        }
        services.openPrompt = { [weak self] coroutine in
            guard let self else { return }
            if signals?.lines?.isReading == true { throw BreakpointInTheWayError() }
            try await Breakpoint.open(.call(coroutine: coroutine), try await self.prompt())
        }
        services.environment = Self.environment()
        if invocation.showsTimeline {
            services.onConsole = { [weak self] in self?.timed.append(($0, $1)) }
        }
        if services.isInteractive { services.terminalSize = TerminalSize.current }
        if !invocation.isQuiet {
            services.note = { Reporter.shared.say("qsh: \($0)\n") }
            services.progress = { Reporter.shared.progress($0) }
        }
        if invocation.isVerbose {
            services.detail = { Reporter.shared.say("qsh: \($0)\n") }
        }
        return services
    }

    private func prompt() async throws -> Interaction {
        if let interaction { return interaction }
        let made = try await Interaction(self)
        interaction = made
        return made
    }

    /// Opens a prompt where the recipe fails, before anything of it is closed.
    private func stopAtFailures() async throws {
        let interaction = try await prompt()
        try interaction.freezeFailures { [weak self] in self?.failure = $0 }
        lua.beforeClose = { [weak self] in
            guard let self, let message = self.failure else { return }
            self.failure = nil
            try? await Breakpoint.open(.failure(message), interaction)
        }
    }

    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return variables
    }

    /// `scripts/lib` of the folder the recipe is in, and of the one the program was built in.
    private static func libraryFolders(for invocation: Invocation) -> [FilePath] {
        var folders: [FilePath] = []
        if case .file(let path) = invocation.source {
            folders.append(FilePath(path).removingLastComponent().appending("lib"))
        }
        folders.append("scripts/lib")
        return folders
    }
}

extension DiagnosticRenderer {
    /// An error that left Lua: the recipe's line first, then who called it.
    func render(_ error: LuaError, note: String? = nil) -> String {
        var diagnostic = error.diagnostic
        if let note { diagnostic.notes.append(note) }
        // The innermost frame is the location itself.
        let callers = error.traceback.map(\.location).drop { $0 == error.location }
        return render(diagnostic, at: error.location, traceback: Array(callers))
    }
}
