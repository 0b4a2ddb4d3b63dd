import Glibc
import SystemPackage

/// Looks at everything on the host that qsh needs, boots nothing and fetches nothing.
@LoopActor
public enum Doctor {
    /// Looks at all of it.
    ///
    /// - Parameter environment: qsh's own variables.
    public static func examine(
        environment: HostEnvironment = .current
    ) async throws -> [HealthCheck] {
        var checks: [HealthCheck] = []
        for arch in Arch.all { checks.append(try await qemu(arch, environment)) }
        checks.append(acceleration())
        checks.append(kernel(environment))
        checks.append(busybox(environment))
        checks += BuildTools.check(path: environment["PATH"] ?? "")
        checks += cache(environment)
        checks.append(runFolders())
        return checks
    }

    private static func qemu(
        _ arch: Arch, _ environment: HostEnvironment
    ) async throws -> HealthCheck {
        let name = "qemu \(arch.name)"
        let isNeeded = arch == .ofHost
        let variables = ["PATH": environment["PATH"] ?? ""]
        do {
            let program = try QEMUBinary.locate(for: arch, environment: variables)
            let result = try await CommandRunner.run(
                Command([program.string, "--version"]), until: .after(.seconds(10)))
            let output = String(decoding: result.stdout, as: UTF8.self)
            guard let version = QEMUBinary.version(in: output) else {
                return HealthCheck(
                    name, isNeeded ? .missing : .limited, "\(program) does not tell its version")
            }
            let text = version.map(String.init).joined(separator: ".")
            guard let major = version.first, major >= arch.qemu.oldestVersion else {
                return HealthCheck(
                    name, .limited,
                    "\(program) is \(text), and Debian's kernel needs "
                        + "\(arch.qemu.oldestVersion) or newer")
            }
            return HealthCheck(name, .ok, "\(program) \(text)")
        } catch let error as QEMUBinaryError {
            return HealthCheck(
                name, isNeeded ? .missing : .limited, "\(error.program) is not on PATH",
                remedy: error.installCommand)
        }
    }

    private static func acceleration() -> HealthCheck {
        guard let choice = try? Accelerator.choose(.auto, for: .ofHost) else {
            return HealthCheck("acceleration", .limited, "cannot be told")
        }
        let isFast = choice.accelerator == .kvm
        let line = "\(choice.accelerator.rawValue): \(choice.reason)"
        return HealthCheck("acceleration", isFast ? .ok : .limited, line)
    }

    private static func kernel(_ environment: HostEnvironment) -> HealthCheck {
        let name = "kernel"
        if let path = environment["QSH_KERNEL"] {
            guard let kernel = try? Kernel(image: FilePath(path), origin: .environment) else {
                return HealthCheck(
                    name, .missing, "QSH_KERNEL: `\(path)` is no kernel", remedy: "unset QSH_KERNEL"
                )
            }
            return HealthCheck(name, .ok, "QSH_KERNEL: \(kernel.image)")
        }
        let own = FilePath("/boot/vmlinuz-\(HostSystem.release)")
        if FileTree.isReadable(own) { return HealthCheck(name, .ok, "the host's own, \(own)") }
        return fetched(name, Arch.ofHost.debian.kernelPackage, environment)
    }

    private static func busybox(_ environment: HostEnvironment) -> HealthCheck {
        let name = "busybox"
        if let path = environment["QSH_BUSYBOX"] {
            let isThere = FileTree.isFile(FilePath(path))
            return HealthCheck(
                name, isThere ? .ok : .missing,
                isThere ? "QSH_BUSYBOX: \(path)" : "QSH_BUSYBOX: `\(path)` is no file",
                remedy: isThere ? nil : "unset QSH_BUSYBOX")
        }
        for path: FilePath in ["/bin/busybox", "/usr/bin/busybox"] where FileTree.isFile(path) {
            return HealthCheck(name, .ok, "\(path), where it is static; else Debian's")
        }
        return fetched(name, "busybox-static", environment)
    }

    private static func fetched(
        _ name: String, _ package: String, _ environment: HostEnvironment
    ) -> HealthCheck {
        guard Command.locate("apt-get", path: environment["PATH"] ?? "") != nil else {
            return HealthCheck(
                name, .missing, "none on this host, and no apt to fetch Debian's `\(package)`",
                remedy: "export QSH_\(name.uppercased())=FILE")
        }
        return HealthCheck(name, .ok, "Debian's `\(package)`, fetched once by apt without root")
    }

    private static func cache(_ environment: HostEnvironment) -> [HealthCheck] {
        let cache: Cache
        do { cache = try Cache.ofUser(environment: environment) } catch {
            return [HealthCheck("cache", .missing, error.diagnostic.message, remedy: "export HOME")]
        }
        var folder = cache.root
        while !FileTree.isFolder(folder), folder.removeLastComponent() {}
        guard access(folder.string, W_OK) == 0 else {
            return [
                HealthCheck(
                    "cache", .missing, "\(folder) cannot be written to",
                    remedy: "export XDG_CACHE_HOME=FOLDER")
            ]
        }
        return [HealthCheck("cache", .ok, cache.root.string), disk(folder)]
    }

    /// A kernel's source and build take 2 GB; what a boot needs is 100 MB.
    private static let roomForBuilds: UInt64 = 2 << 30

    private static func disk(_ folder: FilePath) -> HealthCheck {
        var status = statvfs()
        guard statvfs(folder.string, &status) == 0 else {
            return HealthCheck("disk", .limited, "\(folder): \(Errno(rawValue: errno).lowercased)")
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        let isEnough = free >= roomForBuilds
        return HealthCheck(
            "disk", isEnough ? .ok : .limited,
            "\(free >> 20) MiB free for the cache" + (isEnough ? "" : ": too little for a build"),
            remedy: isEnough ? nil : "qsh cache clean")
    }

    private static func runFolders() -> HealthCheck {
        let base = RunDirectoryBase.standard
        do {
            let count = try base.list().filter(\.isLive).count
            return HealthCheck("run folders", .ok, "\(base.path), \(count) in use")
        } catch {
            return HealthCheck(
                "run folders", .missing, error.diagnostic.message, remedy: error.diagnostic.hint)
        }
    }
}
