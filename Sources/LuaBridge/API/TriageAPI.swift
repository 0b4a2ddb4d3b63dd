import QshRuntime
import SystemPackage

/// `qsh.triage`: a recorded console read for what its kernel reported.
@LoopActor
enum TriageAPI {
    static let primitive = LuaPrimitive.suspending("triage", hasTry: true) { try await triage($0) }

    /// `qsh.triage(path, { vmlinux })`: a list of events, with `reports` and `crashed` beside.
    private static func triage(_ call: LuaCall) async throws -> [LuaValue] {
        let path = FilePath(try call.string(1, "path"))
        let options = try call.options(at: 2)
        let vmlinux = try options.string("vmlinux").map { FilePath($0) }
        try options.finish()
        var triage = try await ConsoleTriage.read(path)
        if let vmlinux { _ = try await triage.decode(with: vmlinux) }
        var table = LuaTable(fields: [
            .init("crashed", .bool(triage.hasCrash)),
            .init("reports", .list(triage.reports.map { .table($0.luaTable) })),
        ])
        table.sequence = triage.events.map { .table($0.luaTable) }
        return [.table(table)]
    }
}

extension CrashEvent {
    /// `{ line, kind, severity, detail }`
    var luaTable: LuaTable {
        LuaTable(fields: [
            .init("line", .integer(Int64(line))), .init("kind", .text(kind.rawValue)),
            .init("severity", .text(severity.rawValue)), .init("detail", .text(detail)),
        ])
    }
}

extension CrashReport {
    /// `{ events, lines, hint, expected }`
    var luaTable: LuaTable {
        LuaTable(
            fields: [
                .init("events", .list(events.map { .table($0.luaTable) })),
                .init("lines", .list(lines.map { .text($0) })),
                .init("expected", .bool(isExpected)),
            ] + (hint.map { [.init("hint", .text($0))] } ?? []))
    }
}
