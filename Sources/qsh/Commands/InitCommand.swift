import ArgumentParser
import QshRuntime
import SystemPackage

/// `qsh init [FOLDER]`: a folder in which an editor knows qsh, with a first recipe.
struct InitCommand: Subcommand {
    static let configuration = CommandConfiguration.qsh(
        "init", abstract: "Make a folder ready for recipes: editor settings and a first recipe.",
        discussion: "Files that are there stay as they are. The API's description for editors "
            + "is renewed.")

    @Argument(help: "The folder, made where it is not there.")
    var folder = "."

    func execute(_ context: CommandContext) async throws -> Int32 {
        let root = FilePath(folder)
        for (name, text) in RecipeFolder.files {
            let path = root.appending(name)
            if FileTree.isFile(path) {
                context.say("kept \(path)")
            } else {
                try write(text, path)
                context.say("wrote \(path)")
            }
        }
        let meta = root.pushing(FilePath(RecipeFolder.metaFolder)).appending("qsh.lua")
        try write(RecipeFolder.meta, meta)
        context.say("wrote \(meta); next: qsh \(root.appending("boot.lua"))")
        return Verdict.ok.exitCode
    }

    private func write(_ text: String, _ path: FilePath) throws(HostFileError) {
        do throws(Errno) {
            try FileTree.makeFolders(path.removingLastComponent())
            try AtomicFile.write(Array(text.utf8), to: path)
        } catch {
            throw HostFileError("write", path, error)
        }
    }
}

/// What `qsh init` writes.
private enum RecipeFolder {
    static let metaFolder = ".qsh/meta"

    /// For lua-language-server: every name and option of the API.
    static var meta: String { embeddedReference.joined(separator: "\n") }

    static let files = [
        ("boot.lua", recipe), (".luarc.json", languageServer), (".luacheckrc", luacheck),
    ]

    private static let recipe = """
        -- Boots a kernel to a shell and shows what it is: qsh boot.lua
        local machine <close> = qsh.machine.boot {
          kernel = qsh.kernel.find(),
          initramfs = qsh.initramfs.new { busybox = true },
          memory = "512M",
        }
        machine.console:expect("[rootfs ]#")
        print(machine:succeed("uname -a").stdout)
        if qsh.interactive then machine.console:interact() end
        machine:shutdown()

        """

    /// The settings of luals.github.io/wiki/settings.
    private static let languageServer = """
        {
          "runtime.version": "Lua 5.4",
          "workspace.library": ["\(metaFolder)"],
          "workspace.checkThirdParty": false
        }

        """

    private static let luacheck =
        LuacheckNames(reference: .shared).text + "exclude_files = { \"\(metaFolder)\" }\n"
}
