import QshRuntime
import SystemPackage

/// Holds the files and tools that a recipe names in its text to what the host has.
struct RecipeSurroundings {
    private let environment: HostEnvironment

    init(environment: HostEnvironment = .current) { self.environment = environment }

    /// What a call will miss.
    func problems(of call: RecipeCall) -> [RecipeProblem] {
        guard ["qsh.machine.boot", "qsh.machine.try_boot"].contains(call.function) else {
            return []
        }
        var found: [RecipeProblem] = []
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch {
                guard let diagnostic = (error as? any DiagnosticError)?.diagnostic else { return }
                found.append(
                    RecipeProblem(
                        line: call.line, message: diagnostic.message, hint: diagnostic.hint))
            }
        }
        // Of one that nobody knows nothing can be said here.
        let name = call.table.text("arch") ?? Arch.ofHost.name
        guard let arch = Arch.named(name) else { return found }
        attempt {
            var variables = ["PATH": environment["PATH"] ?? ""]
            variables["QSH_QEMU"] = environment["QSH_QEMU"]
            _ = try QEMUBinary.locate(
                for: arch, option: call.table.text("qemu").map { FilePath($0) },
                environment: variables)
        }
        if let kernel = call.table.text("kernel") {
            attempt { _ = try Kernel(image: FilePath(kernel), origin: .asked, arch: arch) }
        }
        if let image = call.table.text("initramfs"), !FileTree.isFile(FilePath(image)) {
            found.append(
                RecipeProblem(
                    line: call.line, message: "initramfs `\(image)`: no such file or directory"))
        }
        return found
    }
}
