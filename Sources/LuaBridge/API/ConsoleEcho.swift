import QshRuntime
import SystemPackage

/// Prints a console on standard output as it comes, without what only a terminal acts on: the
/// guest's questions to a terminal (`ESC[6n`) would be answered into the user's shell.
@LoopActor
final class ConsoleEcho {
    /// Whether the user's terminal shows the console by itself.
    var isPaused = false
    /// Whether the recipe does not want it.
    var isQuiet: Bool
    private let name: String
    private let show: @LoopActor @Sendable (EchoedConsole, UnsafeRawBufferPointer) -> Void
    private var text = ConsoleText()

    init(name: String, isQuiet: Bool, _ services: QshServices) {
        self.name = name
        self.isQuiet = isQuiet
        show = services.echo
    }

    func follow(_ console: Console) {
        let source = EchoedConsole(name: name, transcript: console.transcript.path?.string)
        _ = console.subscribe { [self] bytes in
            LoopActor.assumeIsolated { receive(bytes, source) }
        }
    }

    private func receive(_ bytes: UnsafeRawBufferPointer, _ source: EchoedConsole) {
        guard !isPaused, !isQuiet else { return }
        let clean = text.cleaned(bytes)
        clean.withUnsafeBytes { show(source, $0) }
    }
}
