import ArgumentParser
import Glibc
import QshRuntime
import SystemPackage

/// `qsh cache ls`, `qsh cache clean [NAME…]`
struct CacheCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "cache", abstract: "List what the cache holds, or empty it.",
        discussion: """
            Everything in it can be fetched, unpacked or built again. `ls` lists it, the longest \
            unused first. `clean` removes all of it, or what is named, except what another qsh is \
            making or using.

            Kernels, sources and build folders are kept below QSH_CACHE_SIZE (default 20G): the \
            longest unused go first.
            """)

    enum Action: String, CaseIterable, ExpressibleByArgument {
        case ls, clean
    }

    @Argument(help: "ls or clean.")
    var action = Action.ls

    @Argument(help: "For clean: entries as `ls` names them.")
    var names: [String] = []

    @Flag(help: "Print a list of { name, size, used } as JSON.")
    var json = false

    func validate() throws {
        if action == .ls, !names.isEmpty { throw ValidationError("`ls` takes no names") }
    }

    @LoopActor
    func execute(_ context: CommandContext) async throws -> Int32 {
        let cache = try Cache.ofUser()
        let limit = CacheLimit(cache: cache)
        switch action {
        case .ls: list(try await limit.entries())
        case .clean:
            let all = try await limit.entries()
            for name in names where !all.contains(where: { $0.name == name }) {
                throw UnknownCacheEntry(name: name, known: all.map(\.name))
            }
            let removed = try await limit.clean(names.isEmpty ? nil : names)
            list(removed)
            let wanted = names.isEmpty ? all.count : Set(names).count
            if removed.count < wanted {
                context.say("\(wanted - removed.count) kept: another qsh uses them")
            }
            context.say("\(CacheText.size(removed.reduce(0) { $0 + $1.size })) freed")
        }
        return Verdict.ok.exitCode
    }

    @LoopActor
    private func list(_ entries: [CacheLimit.Entry]) {
        if json {
            let value = JSONValue.array(
                entries.map { entry in
                    .object([
                        "name": .string(entry.name), "size": .integer(entry.size),
                        "used": .integer(entry.used),
                    ])
                })
            return StandardOutput.write(value.bytes + [UInt8(ascii: "\n")])
        }
        for entry in entries {
            let size = CacheText.size(entry.size)
            let pad = String(repeating: " ", count: max(0, 8 - size.count))
            StandardOutput.write("\(pad)\(size)  \(CacheText.date(entry.used))  \(entry.name)\n")
        }
    }
}

/// How sizes and times are shown.
enum CacheText {
    /// In the largest unit of 1024 that leaves a whole number in front.
    static func size(_ bytes: Int64) -> String {
        for (unit, shift) in [("G", 30), ("M", 20), ("K", 10)] where bytes >= 1 << shift {
            let tenths = (bytes * 10) >> shift
            return tenths < 100 ? "\(tenths / 10).\(tenths % 10)\(unit)" : "\(tenths / 10)\(unit)"
        }
        return "\(bytes)"
    }

    /// Local time: `2026-11-23 03:20`.
    static func date(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        localtime_r(&time, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + " \(two(parts.tm_hour)):\(two(parts.tm_min))"
    }
}

/// A name that `ls` does not list.
struct UnknownCacheEntry: DiagnosticError {
    let name: String
    let known: [String]

    var diagnostic: Diagnostic {
        Diagnostic(
            .usage, "no entry `\(name)` in the cache",
            hint: nearest(to: name, among: known).map { "did you mean `\($0)`?" }
                ?? "`qsh cache ls` lists them")
    }
}
