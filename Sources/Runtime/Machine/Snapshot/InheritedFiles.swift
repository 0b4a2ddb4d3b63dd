import Glibc
import SystemPackage

/// Files that QEMU inherits as descriptors: the guest's RAM, and for a restored machine the rest of
/// its snapshot, so that it depends on nothing that may meanwhile be gone or changed.
struct InheritedFiles {
    /// The RAM; nil where this machine cannot have it in a file.
    var memory: GuestMemory?
    /// Whether ``memory`` belongs to this machine alone, which then writes into it.
    var ownsMemory = true
    /// The devices' state to go on from.
    var state: GuestMemory?
    /// Open from the start, since a snapshot may be taken when the files are long gone.
    var kernel: GuestMemory?
    var initramfs: GuestMemory?

    /// None at all.
    init() {}

    /// What a machine starts with.
    ///
    /// - Throws: ``MachineError``.
    init(_ configuration: MachineConfiguration, _ snapshot: MachineSnapshot?) throws {
        do throws(Errno) {
            if let snapshot {
                state = try snapshot.state.reopened()
                kernel = snapshot.kernel
                initramfs = snapshot.initramfs
            } else {
                kernel = try configuration.kernel.map { path throws(Errno) in
                    try GuestMemory(opening: path)
                }
                initramfs = try configuration.initramfs.map { path throws(Errno) in
                    try GuestMemory(opening: path)
                }
            }
            if let shared = snapshot?.memory {
                memory = shared
                ownsMemory = false
            } else if configuration.takesMemoryFile {
                memory = try GuestMemory(size: configuration.memory.bytes)
            }
        } catch {
            throw MachineError(.noSockets(error))
        }
    }

    private static let memoryNumber = MachineWires.firstFileNumber
    private static let stateNumber = memoryNumber + 1
    private static let kernelNumber = memoryNumber + 2
    private static let initramfsNumber = memoryNumber + 3

    /// What `migrate-incoming` takes.
    static let stateAddress = "fd:\(stateNumber)"

    /// Number in QEMU to descriptor here.
    var descriptors: [Int32: Int32] {
        var files = [(Self.memoryNumber, memory), (Self.stateNumber, state)]
        if state != nil {
            files += [(Self.kernelNumber, kernel), (Self.initramfsNumber, initramfs)]
        }
        return Dictionary(
            uniqueKeysWithValues: files.compactMap { number, file in
                file.map { (number, $0.descriptor) }
            })
    }

    /// How QEMU is told of the RAM. By its path, since only `memory-backend-file` counts as a file
    /// for migration (QEMU 8.1 and later), and that one takes no descriptor.
    var memoryFile: QEMUArguments.MemoryFile? {
        memory.map { _ in .init(path: Self.path(Self.memoryNumber), isShared: ownsMemory) }
    }

    /// The configuration with the files that are inherited in place of those with names.
    func replacing(in configuration: MachineConfiguration) -> MachineConfiguration {
        guard state != nil else { return configuration }
        var configuration = configuration
        if kernel != nil { configuration.kernel = FilePath(Self.path(Self.kernelNumber)) }
        if initramfs != nil { configuration.initramfs = FilePath(Self.path(Self.initramfsNumber)) }
        return configuration
    }

    private static func path(_ number: Int32) -> String { "/proc/self/fd/\(number)" }
}

extension MachineConfiguration {
    /// Whether the RAM can be a file of qsh's: not on every board, and not where raw arguments lay
    /// the memory out.
    var takesMemoryFile: Bool {
        let board = machine ?? arch.qemu.machine
        let boards = ["q35", "pc", "microvm", "virt", "pseries", "s390-ccw-virtio"]
        let words = args + [board]
        return !arch.isUserMode && boards.contains { board.hasPrefix($0) }
            && !words.contains { $0.contains("memory-backend") || $0 == "-numa" }
    }
}
