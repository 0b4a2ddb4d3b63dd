import QshRuntime

extension Session {
    func watchSignals(editor: LineEditor? = nil) -> SignalWatches { SignalWatches() }
}
@LoopActor final class SignalWatches { func cancel() {} }
