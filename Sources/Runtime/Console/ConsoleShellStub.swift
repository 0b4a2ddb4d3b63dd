@LoopActor public struct ConsoleShell { public init(_ c: Console) {}
 public func execute(_ t: String, limits: ExpectLimits) async throws -> GuestResult { throw GuestAgentError.channelEnded } }
