import Glibc
import SystemPackage

/// One run of tar(1) that is fed by qsh, so that what is done of the archive can be told.
@LoopActor
struct TarExtraction {
    let file: FilePath
    let format: TarFormat
    let folder: FilePath
    let onProgress: @LoopActor (Int) -> Void

    /// Unpacks; the files are the caller's own, without root.
    ///
    /// - Throws: ``KernelSourceError/cannotUnpack(_:_:)``, `CancellationError`.
    func run() async throws {
        let command = Command(
            ["tar", "--extract", "--file=-"] + format.option
                + ["--no-same-owner", "--directory", folder.string],
            environment: ["LC_ALL": "C", "TAR_OPTIONS": nil])
        let pipes = try StandardPipes(for: command, hasInput: true)
        let child = try ChildProcess.spawn(command, descriptors: pipes.childEnds)
        pipes.closeChildEnds()
        defer { pipes.close() }
        let output = OutputCollector(pipes.stdout, limit: 4096) { _ in }
        let errors = OutputCollector(pipes.stderr, limit: 4096) { _ in }
        do {
            try await feed(pipes)
            _ = try await child.waitForExit(until: .after(.seconds(1500)))
        } catch {
            await child.stop(grace: .seconds(1))
            throw error
        }
        guard let exit = await child.stop() else {
            throw KernelSourceError.cannotUnpack(file, "tar did not end")
        }
        try await output.finish(until: .after(.seconds(1)))
        try await errors.finish(until: .after(.seconds(1)))
        if exit != .exited(0) {
            throw KernelSourceError.cannotUnpack(
                file, Self.reason(String(decoding: errors.bytes, as: UTF8.self), exit))
        }
    }

    private func feed(_ pipes: StandardPipes) async throws {
        let reader = try HostFileReader(file)
        var done = 0
        while true {
            let piece = try reader.next()
            if piece.isEmpty { break }
            // tar has gone: its own message says why.
            guard try await pipes.write(piece, until: .after(.seconds(300))) else { break }
            done += piece.count
            onProgress(done)
        }
        pipes.endInput()
    }

    /// The decompressor's line or tar's own, whichever was first.
    private static func reason(_ text: String, _ exit: ProcessExit) -> String {
        let lines = text.split(separator: "\n")
        if let full = lines.first(where: { $0.contains("No space left") }) {
            return String(full.split(separator: ": ").last ?? full)
        }
        guard let line = lines.first else { return "tar ended with status \(exit.shellStatus)" }
        return String(line).replacing("(stdin): ", with: "")
    }
}
