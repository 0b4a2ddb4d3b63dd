import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// Holds the reader against the kernel's own parser, symbol by symbol.
///
/// Costs minutes for each source tree, so it runs where `QSH_KCONFIG_SOURCES` names some
/// (separated by colons); `KconfigReaderTests` has what always runs.
@Suite struct KconfigAgreementTests {
    init() { TestLoop.start() }

    private static let sources = (getenv("QSH_KCONFIG_SOURCES").map { String(cString: $0) } ?? "")
        .split(separator: ":").map(String.init)

    /// Words for make. A random configuration is the same for the same seed and source.
    private static let targets =
        ["tinyconfig", "allnoconfig", "defconfig", "allmodconfig", "allyesconfig"]
        + (1...5).map { "randconfig KCONFIG_SEED=\($0)" }
        + (Command.locate("aarch64-linux-gnu-gcc") == nil
            ? [] : ["defconfig ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-"])

    @Test(
        .enabled(if: !sources.isEmpty, "QSH_KCONFIG_SOURCES names no source tree"),
        arguments: sources, targets)
    @LoopActor
    func agreesWithTheKernelsParser(_ source: String, _ target: String) async throws {
        let scratch = try TemporaryDirectory()
        let words = target.split(separator: " ").map(String.init)
        let kernels = try await KernelDump(source, words, in: scratch.path)
        let environment = kernels.environment
        let tree = KconfigParser.parse(source, environment: environment)
        #expect(tree.findings == [])
        let config = try KernelConfig(
            parsing: readSmallFile(scratch.path.appending(".config"), limit: 1 << 20),
            name: ".config")
        var answers = KconfigAnswers.inferred(from: config, tree)
        var own = KconfigEvaluation(tree, config, answers: answers)
        for _ in 0..<3 {
            own = KconfigEvaluation(tree, config, answers: answers)
            for symbol in kernels.symbols {
                guard let position = tree.position(of: symbol.name) else { continue }
                _ = (own.visibility(of: position), own.dependency(of: position))
            }
            if own.missing.isEmpty { break }
            try await answers.ask(
                own.missing, of: tree, environment: environment, until: .after(.seconds(300)))
        }
        #expect(Set(tree.definedNames) == Set(kernels.symbols.map(\.name)))
        let wrong = kernels.symbols.compactMap { disagreement($0, own) }
        let share = Double(wrong.count) / Double(kernels.symbols.count)
        print("\(source) \(target): \(kernels.symbols.count) symbols, \(wrong.count) differ")
        for line in wrong.prefix(40) { print("  " + line) }
        #expect(share <= 0.001)
    }

    private func disagreement(
        _ kernels: KernelDump.Symbol, _ own: KconfigEvaluation
    ) -> String? {
        guard let position = own.tree.position(of: kernels.name) else { return kernels.name }
        let symbol = own.tree.symbols[position]
        let kind = symbol.kind == .int ? "integer" : symbol.kind.rawValue
        let visible = own.visibility(of: position).letter
        let dependency =
            kernels.dependency == "-" ? "-" : own.dependency(of: position).letter
        if (kind, visible, dependency) == (kernels.kind, kernels.visible, kernels.dependency) {
            return nil
        }
        return "\(kernels.name): \(kind) \(visible) \(dependency), the kernel says "
            + "\(kernels.kind) \(kernels.visible) \(kernels.dependency)"
    }
}

/// What the kernel's parser says, through `Tests/Fixtures/kconfig/dump.c`.
private struct KernelDump {
    struct Symbol {
        let name: String
        let kind: String
        let value: String
        let visible: String
        let dependency: String
    }

    var symbols: [Symbol] = []
    var environment: [String: String] = [:]

    @LoopActor
    init(_ source: String, _ words: [String], in folder: FilePath) async throws {
        let make = ["make", "-s", "-C", source, "O=\(folder)"]
        try await Self.run(make + words)
        let objects = folder.appending("scripts").appending("kconfig")
        let program = objects.appending("conf")
        let names = FileTree.names(in: objects).filter { $0.hasSuffix(".o") && $0 != "conf.o" }
        let isNew = FileTree.isFile(FilePath("\(source)/scripts/kconfig/internal.h"))
        let fixture = FilePath(#filePath).removingLastComponent().appending("../../../Fixtures")
        try await Self.run(
            ["gcc", "-w", "-I\(source)/scripts/kconfig", "-I\(source)/scripts/include"]
                + (isNew && Self.hasNewIterator(source) ? ["-DQSH_INTERNAL"] : [])
                + [fixture.appending("kconfig/dump.c").string]
                + names.map { objects.appending($0).string } + ["-o", program.string])
        let text = try await Self.run(make + words.dropFirst() + ["olddefconfig"])
        for line in text.split(separator: "\n") {
            if line.hasPrefix("env "), let equals = line.firstIndex(of: "=") {
                let name = line[..<equals].dropFirst(4)
                environment[String(name)] = String(line[line.index(after: equals)...])
            }
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == 6, fields[0] == "sym" else { continue }
            symbols.append(
                Symbol(
                    name: String(fields[1]), kind: String(fields[2]), value: String(fields[3]),
                    visible: String(fields[4]), dependency: String(fields[5])))
        }
    }

    /// `for_all_symbols` lost its counter in 6.10.
    private static func hasNewIterator(_ source: String) -> Bool {
        let header = FilePath(source).appending("scripts/kconfig/internal.h")
        let bytes = (try? readSmallFile(header, limit: 1 << 16)) ?? []
        return String(decoding: bytes, as: UTF8.self).contains("for_all_symbols(sym)")
    }

    @LoopActor
    @discardableResult
    private static func run(_ words: [String]) async throws -> String {
        let result = try await CommandRunner.run(Command(words), until: .after(.seconds(600)))
        try #require(result.succeeded, "\(words[0]): \(result.errorText)")
        return result.outputText
    }
}
