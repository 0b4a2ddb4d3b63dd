import QshRuntime
import SystemPackage

/// A machine that runs or has run; recipes hold it as `qsh.machine`.
@LoopActor
final class MachineObject: LuaObject {
    let machine: Machine
    let console: ConsoleObject
    /// Limit of a wait that names none, in seconds.
    let timeout: Double
    let services: QshServices
    let name: String
    let echo: ConsoleEcho
    /// Whether commands go to the agent rather than over the console.
    let hasAgent: Bool

    private var forwards: [NetworkLink.Forward] = []

    /// Asks QEMU which ports it forwards, once.
    func learnForwards() async throws {
        forwards = try await attributed { machine in
            try await machine.forwardedPorts(until: .after(.seconds(30)))
        }
    }

    /// Counts twice under TCG; long enough for a busy host.
    static let defaultTimeout = 60.0

    /// The end of a wait that may last so many seconds, as this machine counts them.
    func deadline(_ seconds: Double) -> Deadline {
        .after(seconds: seconds * machine.console.timeScale.factor)
    }

    init(
        _ machine: Machine, name: String, timeout: Double?, hasAgent: Bool, echo: ConsoleEcho,
        services: QshServices
    ) {
        self.machine = machine
        self.name = name
        self.echo = echo
        self.services = services
        self.hasAgent = hasAgent
        let timeout = timeout ?? Self.defaultTimeout
        self.timeout = timeout
        console = ConsoleObject(machine.console, timeout: timeout) { error in
            await machine.explanation(of: error)
        } interact: { prefix in
            // The user's terminal shows everything by itself meanwhile.
            echo.isPaused = true
            defer { echo.isPaused = false }
            return try await machine.interact(as: name, prefix: prefix).rawValue
        }
    }

    static let luaType = LuaType(
        "qsh.machine",
        methods: controlMethods + [
            .suspending("wait", hasTry: true) { try await wait($0) },
            .suspending("shutdown", hasTry: true) { try await shutdown($0) },
            .immediate("quiet") { try quiet($0) },
            .suspending("kill") { try await kill($0) },
            .immediate("timeline") { call in
                let object = try call.receiver(as: MachineObject.self)
                return [.list(object.machine.console.timeline.entries.map { .table($0.luaTable) })]
            },
            .suspending("interact") { call in
                let object = try call.receiver(as: MachineObject.self)
                return try await object.console.interact(call)
            },
            .suspending("execute", hasTry: true) { try await execute($0, .anything) },
            .suspending("succeed", hasTry: true) { try await execute($0, .success) },
            .suspending("fail", hasTry: true) { try await execute($0, .failure) },
            .suspending("wait_until_succeeds", hasTry: true) { try await untilSucceeds($0) },
            .suspending("start", hasTry: true) { try await start($0) },
            .suspending("wait_for_file", hasTry: true) { try await waitForFile($0) },
            .suspending("wait_for_port", hasTry: true) { try await waitForPort($0) },
            .suspending("copy_to", hasTry: true) { try await copyTo($0) },
            .suspending("copy_from", hasTry: true) { try await copyFrom($0) },
        ],
        properties: [
            LuaProperty("console", of: MachineObject.self) { .object($0.console) },
            LuaProperty("pid", of: MachineObject.self) { .integer(Int64($0.machine.pid)) },
            LuaProperty("accel", of: MachineObject.self) {
                .text($0.machine.accelerator.accelerator.rawValue)
            },
            LuaProperty("command", of: MachineObject.self) { .text($0.machine.reproduce) },
            LuaProperty("running", of: MachineObject.self) { .bool($0.machine.exit == nil) },
            LuaProperty("restored", of: MachineObject.self) {
                .bool($0.machine.wasRestored)
            },
            LuaProperty("timeout_scale", of: MachineObject.self) {
                .number($0.machine.console.timeScale.factor)
            },
            LuaProperty("reports", of: MachineObject.self) { object in
                .list(object.machine.console.reports.map { .table($0.luaTable) })
            },
            LuaProperty("verdict", of: MachineObject.self) { object in
                object.machine.exit.map { .text($0.verdict.rawValue) } ?? .null
            },
            LuaProperty("forwards", of: MachineObject.self) { object in
                .table(
                    LuaTable(
                        fields: object.forwards.map {
                            .init(.integer(Int64($0.guest)), .integer(Int64($0.host)))
                        }))
            },
            LuaProperty("address", of: MachineObject.self) { object in
                object.machine.privateAddress.map { .text($0) } ?? .null
            },
            LuaProperty("events", of: MachineObject.self) { object in
                .list(object.machine.qmp.events.map { .table($0.luaTable) })
            },
            LuaProperty("dmesg", of: MachineObject.self) { object in
                .list(object.machine.console.dmesg.map { .table($0.luaTable) })
            },
        ])

    var luaDescription: String {
        let accel = machine.accelerator.accelerator.rawValue
        return "qsh.machine `\(name)` (pid \(machine.pid), \(accel), \(machine.stateInWords))"
    }

    /// `machine:quiet([on])`: whether the console is not printed as it comes.
    private static func quiet(_ call: LuaCall) throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        object.echo.isQuiet = try call.optional(1) { try call.bool(1, "on") } ?? true
        return []
    }

    func luaClose() async { await machine.kill() }

    func luaCollect() {
        let machine = machine
        LoopActor.task { await machine.kill() }
    }

    /// `machine:wait { timeout = … }`: how it ended; an end that is not well is an error.
    private static func wait(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let options = try call.options(at: 1)
        let timeout = try options.seconds("timeout") ?? object.timeout
        try options.finish()
        let deadline = object.deadline(timeout)
        _ = try await object.attributed { try await $0.wait(until: deadline) }
        return [try await object.ending()]
    }

    /// `machine:shutdown { timeout = … }`: the timeout is the guest's, before it is forced.
    private static func shutdown(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let options = try call.options(at: 1)
        var limits = Machine.ShutdownLimits()
        if let timeout = try options.seconds("timeout") { limits.guest = .seconds(timeout) }
        try options.finish()
        try await object.machine.shutdown(limits: limits)
        return [try await object.ending()]
    }

    private static func kill(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        await object.machine.kill()
        return []
    }

    /// The verdict of an end that was well; raises the error of one that was not.
    private func ending() async throws -> LuaValue {
        if let failure = await machine.explainedFailure() { throw failure }
        return machine.exit.map { .text($0.verdict.rawValue) } ?? .null
    }
}

extension ConsoleTimeline.Entry {
    /// `{ phase, start, duration }`, in seconds.
    fileprivate var luaTable: LuaTable {
        LuaTable(
            fields: [
                .init("phase", .text(phase.rawValue)), .init("start", .number(start.seconds)),
            ] + (duration.map { [.init("duration", .number($0.seconds))] } ?? []))
    }
}
