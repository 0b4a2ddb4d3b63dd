import QshRuntime

/// A command that runs in a guest; recipes hold it as `qsh.guestprocess`.
@LoopActor
final class GuestProcessObject: LuaObject {
    private let process: GuestProcess
    private let machine: MachineObject

    init(_ process: GuestProcess, _ machine: MachineObject) {
        self.process = process
        self.machine = machine
    }

    static let luaType = LuaType(
        "qsh.guestprocess",
        methods: [
            .suspending("wait", hasTry: true) { try await wait($0) },
            .immediate("kill") { try kill($0) },
        ],
        properties: [
            LuaProperty("running", of: GuestProcessObject.self) { .bool(!$0.process.hasEnded) }
        ])

    func luaClose() async { process.cancel() }

    func luaCollect() { process.cancel() }

    /// `process:wait { timeout }`: as `execute` returns; it is killed where the time is over.
    private static func wait(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: GuestProcessObject.self)
        let deadline = try object.machine.deadline(call.options(at: 1))
        return try await object.machine.attributed { _ in
            [.table(try await object.process.finish(until: deadline).luaTable)]
        }
    }

    /// `process:kill(signal)`: a number or a name; 15 unless given. Reaches its whole group.
    private static func kill(_ call: LuaCall) throws -> [LuaValue] {
        let object = try call.receiver(as: GuestProcessObject.self)
        let value = call.value(at: 1)
        let form = "a signal like 9 or \"KILL\""
        let number: Int
        switch value {
        case .null: number = 15
        case .string:
            var name = value.text?.uppercased() ?? ""
            if name.hasPrefix("SIG") { name.removeFirst(3) }
            guard let known = names[name] else { throw call.mismatch(1, "signal", expects: form) }
            number = known
        default:
            guard let given = value.wholeNumber, (1...64).contains(given) else {
                throw call.mismatch(1, "signal", expects: form)
            }
            number = given
        }
        object.process.send(signal: Int32(number))
        return []
    }

    // As on x86, Arm, RISC-V and POWER (signal(7)).
    private static let names = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ABRT": 6, "KILL": 9, "USR1": 10, "SEGV": 11, "USR2": 12,
        "PIPE": 13, "ALRM": 14, "TERM": 15, "CONT": 18, "STOP": 19, "TSTP": 20, "WINCH": 28,
    ]
}

/// Something in the guest that did not come to be in time.
struct GuestWaitFailure: DiagnosticError, Equatable {
    enum Subject: Equatable {
        case file(String)
        case port(UInt16)
    }

    let subject: Subject
    /// Seconds.
    let limit: Double
    /// Why it waited longer than that.
    let scaled: String?

    var diagnostic: Diagnostic {
        Diagnostic(.timeout, message, notes: scaled.map { [$0] } ?? [])
    }

    private var message: String {
        switch subject {
        case .file(let path): "file `\(path)` in the guest: it is not there after \(limit) s"
        case .port(let port): "port \(port) in the guest: nothing listens there after \(limit) s"
        }
    }
}
