import Foundation
import PackagePlugin

/// Embeds `scripts/meta` as a Swift source file: the binary may move, and help must move with it.
@main
struct EmbedReference: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let package = context.package.directoryURL
        let script = package.appending(path: "Plugins/EmbedReference/embed.sh")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedReference.swift")
        let stubs = try FileManager.default.contentsOfDirectory(
            at: package.appending(path: "scripts/meta"), includingPropertiesForKeys: nil)
        let files = stubs.filter { $0.pathExtension == "lua" }.sorted { order($0) < order($1) }
        return [
            .buildCommand(
                displayName: "Embedding the API's description",
                executable: URL(filePath: "/bin/sh"),
                arguments: [script.path, output.path] + files.map(\.path),
                inputFiles: [script] + files,
                outputFiles: [output])
        ]
    }

    /// The general one first, as a reader wants it.
    private func order(_ file: URL) -> String {
        file.lastPathComponent == "qsh.lua" ? "" : file.lastPathComponent
    }
}
