import QshRuntime

/// Prints a console on standard output as it comes, without what only a terminal acts on: the
/// guest's questions to a terminal (`ESC[6n`) would be answered into the user's shell.
@LoopActor
final class ConsoleEcho {
    var isPaused = false
    private let show: @LoopActor @Sendable (UnsafeRawBufferPointer) -> Void
    private var text = ConsoleText()

    init(_ show: @escaping @LoopActor @Sendable (UnsafeRawBufferPointer) -> Void) {
        self.show = show
    }

    func follow(_ console: Console) {
        _ = console.subscribe { [self] bytes in
            LoopActor.assumeIsolated { receive(bytes) }
        }
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) {
        let clean = text.cleaned(bytes)
        if !isPaused { clean.withUnsafeBytes { show($0) } }
    }
}
