import QshRuntime
import SystemPackage

/// A saved machine; recipes hold it as `qsh.snapshot`.
@LoopActor
final class SnapshotObject: LuaObject {
    private var snapshot: MachineSnapshot?
    private let machine: Origin

    /// What restored machines take over.
    struct Origin {
        let name: String
        let timeout: Double
        let hasAgent: Bool
        let echoes: Bool
        let services: QshServices
    }

    init(_ snapshot: MachineSnapshot, _ machine: Origin) {
        self.snapshot = snapshot
        self.machine = machine
    }

    static let luaType = LuaType(
        "qsh.snapshot",
        methods: [
            .suspending("restore", hasTry: true) { try await restore($0) },
            .immediate("release") { call in
                try call.receiver(as: SnapshotObject.self).snapshot = nil
                return []
            },
        ],
        properties: [
            LuaProperty("memory", of: SnapshotObject.self) { object in
                .integer(object.snapshot?.usedBytes ?? 0)
            }
        ])

    func luaClose() async { snapshot = nil }

    func luaCollect() { snapshot = nil }

    /// `snapshot:restore { name, echo, timeout, transcript }`
    private static func restore(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: SnapshotObject.self)
        let options = try call.options(at: 1)
        let name = try options.string("name") ?? object.machine.name
        let echoes = try options.bool("echo") ?? object.machine.echoes
        let timeout = try options.seconds("timeout") ?? object.machine.timeout
        let transcript = try options.string("transcript").map { FilePath($0) }
        try options.finish()
        guard let snapshot = object.snapshot else { throw APIError.releasedSnapshot }
        let services = object.machine.services
        let echo = ConsoleEcho(name: name, isQuiet: !echoes, services)
        let machine = try await snapshot.restore(name: name, transcript: transcript) { console in
            console.onScaledWait = services.note
            echo.follow(console)
        }
        services.detail("machine `\(name)`: process \(machine.pid): restored from a snapshot")
        let restored = MachineObject(
            machine, name: name, timeout: timeout, hasAgent: object.machine.hasAgent, echo: echo,
            services: services)
        try await restored.learnForwards()
        return [.object(restored)]
    }
}

extension MachineObject {
    /// `machine:snapshot { timeout }`
    static func snapshot(_ call: LuaCall) async throws -> [LuaValue] {
        let object = try call.receiver(as: MachineObject.self)
        let deadline = try object.deadline(call.options(at: 1))
        return try await object.attributed { machine in
            let snapshot = try await machine.snapshot(until: deadline)
            return [
                .object(
                    SnapshotObject(
                        snapshot,
                        .init(
                            name: object.name, timeout: object.timeout,
                            hasAgent: object.hasAgent, echoes: !object.echo.isQuiet,
                            services: object.services)))
            ]
        }
    }
}
