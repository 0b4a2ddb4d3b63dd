import QshRuntime
import SystemPackage

/// The options of a machine that name its disks, shared folders and networks.
@LoopActor
struct DeviceOptions {
    var drives: [DriveFile]
    var shares: [HostShare]
    var links: [NetworkLink]

    init(_ options: LuaOptions) throws {
        drives = try Self.drives(options)
        shares = try Self.shares(options)
        links = try Self.links(options)
    }

    /// Reads `drives = { "disk.img", { "disk.qcow2", format, readonly, persist } }`, or one of
    /// them.
    private static func drives(_ options: LuaOptions) throws -> [DriveFile] {
        try items(options, "drives", "a path, a table like { \"disk.img\", persist = true }").map {
            item in
            guard case .table(let table) = item else {
                return DriveFile(FilePath(item.text ?? ""))
            }
            let innerOptions = nested(options, "drives", table)
            var drive = DriveFile(
                FilePath(
                    try path(innerOptions, table, options.mismatch("drives", expects: "a path"))))
            drive.format = try innerOptions.string("format")
            drive.isReadOnly = try innerOptions.bool("readonly") ?? false
            drive.persists = try innerOptions.bool("persist") ?? false
            try innerOptions.finish()
            return drive
        }
    }

    /// Reads `share = "folder"` or `share = { { "folder", mount, writable } }`.
    private static func shares(_ options: LuaOptions) throws -> [HostShare] {
        try items(options, "share", "a folder, a table like { \"src\", mount = \"/src\" }")
            .enumerated().map { index, item in
                let standard = index == 0 ? "/mnt/host" : "/mnt/host\(index)"
                guard case .table(let table) = item else {
                    return HostShare(FilePath(item.text ?? ""), at: standard)
                }
                let innerOptions = nested(options, "share", table)
                let folder = try path(
                    innerOptions, table, options.mismatch("share", expects: "a folder"))
                var share = HostShare(
                    FilePath(folder), at: try innerOptions.string("mount") ?? standard)
                share.isWritable = try innerOptions.bool("writable") ?? false
                try innerOptions.finish()
                return share
            }
    }

    /// Reads `network = true | network | { … }` and `forward = { [2222] = 22, 80 }`.
    private static func links(_ options: LuaOptions) throws -> [NetworkLink] {
        let forwards = try forwards(options)
        var links: [NetworkLink] = []
        var needsUser = forwards != nil
        let form = "true, a qsh.machine.network or a list of them"
        var items: [LuaValue] = []
        switch options.value("network") {
        case nil, .bool(false): break
        case .table(let table) where table.fields.isEmpty: items = table.sequence
        case let value?: items = [value]
        }
        for item in items {
            switch item {
            case .bool(true): needsUser = true
            case .object(let network as NetworkObject): links.append(.on(network.network))
            default: throw options.mismatch("network", expects: form, got: item)
            }
        }
        return (needsUser ? [.user(forwards ?? [])] : []) + links
    }

    private static func forwards(_ options: LuaOptions) throws -> [NetworkLink.Forward]? {
        let form = "ports of the guest, or a table like { [2222] = 22 }"
        guard let value = options.value("forward") else { return nil }
        func port(_ value: LuaValue) throws -> UInt16 {
            guard let number = value.wholeNumber, let port = UInt16(exactly: number), port > 0
            else { throw options.mismatch("forward", expects: form, got: value) }
            return port
        }
        if value.wholeNumber != nil { return [.init(guest: try port(value))] }
        guard case .table(let table) = value else {
            throw options.mismatch("forward", expects: form)
        }
        let free = try table.sequence.map { item -> NetworkLink.Forward in
            guard case .table(let table) = item else { return .init(guest: try port(item)) }
            let innerOptions = nested(options, "forward", table)
            let guest = try innerOptions.required(
                "guest", innerOptions.integer("guest"), expects: "a port")
            let host = try innerOptions.integer("host")
            let isUDP = try innerOptions.bool("udp") ?? false
            try innerOptions.finish()
            return .init(
                host: try host.map { try port(.integer($0)) } ?? 0,
                guest: try port(.integer(guest)), isUDP: isUDP)
        }
        return try free
            + table.fields.map { field in
                .init(host: try port(field.key), guest: try port(field.value))
            }
    }

    /// One item, or a list of them; an item is a string or a table whose first value is one.
    private static func items(
        _ options: LuaOptions, _ key: String, _ form: String
    ) throws -> [LuaValue] {
        switch options.value(key) {
        case nil: return []
        case .string(let text): return [.string(text)]
        case .table(let table) where !table.fields.isEmpty: return [.table(table)]
        case .table(let table):
            for item in table.sequence {
                switch item {
                case .string, .table: continue
                default: throw options.mismatch(key, expects: form + ", or a list", got: item)
                }
            }
            return table.sequence
        default: throw options.mismatch(key, expects: form + ", or a list")
        }
    }

    private static func nested(
        _ options: LuaOptions, _ key: String, _ table: LuaTable
    ) -> LuaOptions {
        LuaOptions(LuaTable(fields: table.fields), function: "\(options.functionName): \(key)")
    }

    private static func path(
        _ innerOptions: LuaOptions, _ table: LuaTable, _ mismatch: LuaArgumentError
    ) throws -> String {
        if let named = try innerOptions.string("path") { return named }
        guard table.sequence.count == 1, let text = table.sequence[0].text else { throw mismatch }
        return text
    }
}

/// A private network; recipes hold it as `qsh.network`.
@LoopActor
final class NetworkObject: LuaObject {
    let network = PrivateNetwork()

    static let luaType = LuaType(
        "qsh.network",
        properties: [
            LuaProperty("frames", of: NetworkObject.self) { .integer($0.network.frameCount) }
        ])
}
