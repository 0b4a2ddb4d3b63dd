import Glibc
import SystemPackage

/// Booted machines on disk: one that is described by the very same files and arguments goes on from
/// its prompt.
@LoopActor
public struct BootCache {
    private let folder: FilePath
    /// How many boots stay; each takes as much disk as the guest touched memory.
    private static let keptEntries = 4
    private static let bootLimit: Duration = .seconds(300)
    /// How long a prompt has been there when the guest is taken to wait for input.
    private static let promptPause: Duration = .milliseconds(300)
    private static let silence: Duration = .seconds(2)

    /// Takes the folder that `QSH_BOOT_CACHE` names, else `boots` in the user's cache.
    ///
    /// - Throws: ``CacheError``.
    public init(environment: HostEnvironment = .current) throws(CacheError) {
        if let named = environment["QSH_BOOT_CACHE"] {
            folder = FileTree.absolute(FilePath(named))
        } else {
            folder = try Cache.ofUser(environment: environment).path(of: "boots")
        }
    }

    /// Boots as ``Machine/boot(_:root:name:environment:runs:console:kvm:log:onConsole:)`` does, or
    /// goes on from where an equal machine had booted to.
    ///
    /// The first time it waits for the agent and for a prompt, and keeps the machine as it is then.
    public func boot(
        _ configuration: MachineConfiguration, root: InitramfsTree?, name: String,
        environment: [String: String], runs: RunDirectoryBase = .standard,
        console: ConsoleConfiguration = ConsoleConfiguration(),
        log: @LoopActor (String) -> Void, onConsole: @LoopActor (Console) -> Void
    ) async throws -> Machine {
        func plain(_ reason: String?) async throws -> Machine {
            if let reason { log("cache: not used, since \(reason)") }
            return try await Machine.boot(
                configuration, root: root, name: name, environment: environment, runs: runs,
                console: console, log: log, onConsole: onConsole)
        }
        if let obstacle = configuration.cacheObstacle { return try await plain(obstacle) }
        try configuration.validate()
        let qemu = try QEMUBinary.locate(
            for: configuration.arch, option: configuration.qemu, environment: environment)
        let choice = try Accelerator.choose(configuration.accel, for: configuration.arch)
        let scratch = try TemporaryDirectory(prefix: "qsh-cache")
        defer { withExtendedLifetime(scratch) {} }
        var described = configuration
        if let root {
            described.initramfs = scratch.path.appending("initramfs.img")
            try await root.write(to: scratch.path.appending("initramfs.img"))
        }
        let key = try await key(described, isOwnRoot: root != nil, qemu, choice.accelerator)
        let launch = MachineLaunch(
            configuration: configuration, root: nil, name: name, qemu: qemu, runs: runs,
            console: console)
        if let snapshot = try? load(key, described, launch, choice) {
            do {
                let machine = try await snapshot.restore(
                    name: name, transcript: configuration.transcript, onConsole: onConsole)
                log("cache: goes on from an earlier boot")
                return machine
            } catch let error as any DiagnosticError {
                log("cache: dropped an entry: \(error.diagnostic.message)")
                FileTree.remove(folder.appending(key))
            }
        }
        var printed: [UInt8] = []
        let machine = try await Machine.boot(
            configuration, root: root, name: name, environment: environment, runs: runs,
            console: console, log: log
        ) { console in
            onConsole(console)
            printed = []
            _ = console.subscribe { bytes in
                LoopActor.assumeIsolated { printed.append(contentsOf: bytes) }
            }
        }
        await keep(machine, as: key, log) { printed }
        return machine
    }

    /// Waits for the prompt and saves the machine; what goes wrong is said and harms nobody.
    private func keep(
        _ machine: Machine, as key: String, _ log: (String) -> Void, _ printed: () -> [UInt8]
    ) async {
        do {
            let deadline = Deadline.after(Self.bootLimit)
            try await machine.commands?.waitUntilReady(until: deadline)
            try await machine.console.settle(quiet: Self.promptPause, limit: Self.bootLimit)
            if machine.console.transcript.lastBytes(1) == [0x0a] {
                try await machine.console.settle(quiet: Self.silence, limit: Self.bootLimit)
            }
            let snapshot = try await machine.snapshot(until: deadline)
            try await save(snapshot, printed(), as: key)
            removeOldest()
        } catch let error as any DiagnosticError {
            log("cache: this boot is not kept: \(error.diagnostic.message)")
        } catch {
            log("cache: this boot is not kept")
        }
    }

    // MARK: Entries

    private func load(
        _ key: String, _ configuration: MachineConfiguration, _ launch: MachineLaunch,
        _ choice: Accelerator.Choice
    ) throws(Errno) -> MachineSnapshot {
        let entry = folder.appending(key)
        let memory = try GuestMemory(opening: entry.appending("memory"), O_RDWR)
        let state = try GuestMemory(opening: entry.appending("state"))
        let console = try readSmallFile(entry.appending("console"), limit: 4 << 20)
        let kernel = try configuration.kernel.map { path throws(Errno) in
            try GuestMemory(opening: path)
        }
        let initramfs = try configuration.initramfs.map { path throws(Errno) in
            try GuestMemory(opening: path)
        }
        // Its time says when it was used last.
        utimensat(AT_FDCWD, entry.string, nil, 0)
        return MachineSnapshot(
            configuration: launch.configuration, source: launch, accelerator: choice,
            memory: memory, state: state, kernel: kernel, initramfs: initramfs, console: console,
            wasRunning: true, hadAgent: true, folder: nil)
    }

    private func save(
        _ snapshot: MachineSnapshot, _ console: [UInt8], as key: String
    ) async throws {
        guard let memory = snapshot.memory else { return }
        let (target, state) = (folder.appending(key), snapshot.state)
        try FileTree.makeFolders(folder)
        let draft = try TemporaryDirectory(prefix: ".draft", in: folder)
        try await WorkerThread.run { [folder = draft.path] _ in
            let entry = folder.appending("entry")
            try FileTree.makeFolders(entry)
            for (name, file) in [("memory", memory), ("state", state)] {
                try file.save(to: entry.appending(name))
            }
            try AtomicFile.write(console, to: entry.appending("console"))
            // Another process may have been faster: then its entry stays.
            _ = rename(entry.string, target.string)
        }
        withExtendedLifetime(draft) {}
    }

    private func removeOldest() {
        func age(_ name: String) -> Int {
            var status = stat()
            return stat(folder.appending(name).string, &status) == 0 ? status.st_mtim.tv_sec : 0
        }
        let entries = FileTree.names(in: folder).filter { !$0.hasPrefix(".") }
            .map { (name: $0, time: age($0)) }.sorted { $0.time > $1.time }
        for entry in entries.dropFirst(Self.keptEntries) {
            FileTree.remove(folder.appending(entry.name))
        }
    }

    // MARK: What makes two boots the same

    private func key(
        _ configuration: MachineConfiguration, isOwnRoot: Bool, _ qemu: FilePath,
        _ accelerator: Accelerator
    ) async throws -> String {
        var plain = configuration
        if isOwnRoot { plain.initramfs = "initramfs.img" }
        var parts = ["1", "\(accelerator)"]
        parts += QEMUArguments(plain, on: accelerator, .terminal).arguments
        parts += [Self.identity(of: qemu)]
        if let kernel = configuration.kernel { parts.append(Self.identity(of: kernel)) }
        if let initramfs = configuration.initramfs {
            parts.append(
                isOwnRoot
                    ? try await Self.digest(of: initramfs) : Self.identity(of: initramfs))
        }
        return Digest.of(parts.map { "\($0.utf8.count):\($0)" }.joined()).description
    }

    /// A file by its place, size and times: reading hundreds of megabytes would take as long as
    /// the boot.
    private static func identity(of path: FilePath) -> String {
        var status = stat()
        guard stat(path.string, &status) == 0 else { return path.string }
        return "\(FileTree.absolute(path)) \(status.st_dev) \(status.st_ino) \(status.st_size) "
            + "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }

    private static func digest(of path: FilePath) async throws -> String {
        let reader = try HostFileReader(path)
        var digest = MD5()
        while true {
            let piece = try reader.next()
            if piece.isEmpty { return digest.finish().map(hexadecimal).joined() }
            piece.withUnsafeBytes { digest.update($0) }
        }
    }
}

extension MachineConfiguration {
    /// Why a boot cannot be kept, in words that end a sentence with "since"; nil where it can.
    fileprivate var cacheObstacle: String? {
        if kernel == nil || !hasCommandChannel { return "the guest has no agent" }
        if !drives.isEmpty { return "the machine has drives" }
        if !links.isEmpty || !netdevs.isEmpty { return "the machine has a network" }
        if !shares.isEmpty { return "the machine shares a folder" }
        if overlay != nil { return "the agent is laid over another image" }
        if startsPaused { return "the machine starts paused" }
        return takesMemoryFile ? nil : "this board's memory cannot be a file"
    }
}

extension GuestMemory {
    /// Writes its contents to a new file. Blocks.
    fileprivate func save(to path: FilePath) throws(Errno) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Errno(rawValue: errno) }
        let file = open(path.string, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Errno(rawValue: errno) }
        defer { close(file) }
        guard ftruncate(file, status.st_size) == 0 else { throw Errno(rawValue: errno) }
        try copyContents(to: file)
    }
}
