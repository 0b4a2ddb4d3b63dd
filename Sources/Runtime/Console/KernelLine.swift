/// One line that the kernel wrote to its console.
public struct KernelLine: Sendable, Equatable {
    /// The kernel's own time stamp: microseconds since its clock started.
    public var microseconds: Int64
    /// The syslog level, 0 (emergency) to 7 (debug), where the console shows it.
    public var level: Int?
    /// The task or CPU that wrote it (`T1`, `C0`), where the kernel was built to say so.
    public var caller: String?
    /// The bytes behind the stamp.
    public var text: [UInt8]

    /// The stamp in seconds.
    public var seconds: Double { Double(microseconds) / 1e6 }
}
