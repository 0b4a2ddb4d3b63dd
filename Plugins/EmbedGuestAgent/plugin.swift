import Foundation
import PackagePlugin

/// Compiles `Sources/GuestAgent` for each guest architecture, with the clang of the Swift
/// toolchain, and embeds the executables as a Swift source file.
@main
struct EmbedGuestAgent: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let package = context.package.directoryURL
        let sources = package.appending(path: "Sources/GuestAgent")
        let script = package.appending(path: "Plugins/EmbedGuestAgent/embed.sh")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedGuestAgent.swift")
        let clang = try context.tool(named: "clang").url
        return [
            .buildCommand(
                displayName: "Embedding the guest agent",
                executable: URL(filePath: "/bin/sh"),
                arguments: [script.path, clang.path, sources.path, output.path],
                inputFiles: [script, clang] + sourceFiles(in: sources),
                outputFiles: [output])
        ]
    }

    private func sourceFiles(in folder: URL) -> [URL] {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (found?.compactMap { $0 as? URL } ?? [])
            .filter { ["c", "h"].contains($0.pathExtension) }
            .sorted { $0.path < $1.path }
    }
}
