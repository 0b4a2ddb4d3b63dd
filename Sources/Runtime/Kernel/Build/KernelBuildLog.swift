import Glibc
import SystemPackage

/// The log of one build: every byte goes to a file, and what counts is kept.
@LoopActor
final class KernelBuildLog {
    let path: FilePath
    /// Steps that have begun.
    private(set) var steps = 0
    /// In the order in which they came, each once.
    private(set) var warnings: [BuildRemark] = []
    /// What seems to be the cause of a failure.
    private(set) var firstError: BuildRemark?
    /// Lines from that one on.
    private(set) var excerpt: [String] = []
    /// The innermost target that failed.
    private(set) var failedTarget: String?
    private(set) var lastLines: [String] = []
    /// Called at each step.
    var onStep: (String, String) -> Void = { _, _ in }

    private let sourcePrefix: [UInt8]
    private let descriptor: Int32
    private var partial: [UInt8] = []
    private var writeFailure: Errno?

    init(_ path: FilePath, source: FilePath) throws(KernelBuildError) {
        self.path = path
        sourcePrefix = Array("\(source)/".utf8)
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        descriptor = path.withPlatformString { open($0, flags, 0o644) }
        guard descriptor >= 0 else { throw .log(path, Errno(rawValue: errno)) }
    }

    isolated deinit { close(descriptor) }

    func take(_ bytes: UnsafeRawBufferPointer) {
        write(bytes)
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0a) {
            partial.append(contentsOf: rest[rest.startIndex..<end])
            takeLine()
            rest = rest[(end + 1)...]
        }
        // A tool that prints megabytes without a line end is of no interest.
        if partial.count < 64 << 10 { partial.append(contentsOf: rest) }
    }

    /// The last line may have no end.
    func finish() {
        if !partial.isEmpty { takeLine() }
    }

    private func takeLine() {
        defer { partial.removeAll(keepingCapacity: true) }
        let line = String(decoding: partial, as: UTF8.self)
        lastLines.append(line)
        if lastLines.count > 40 { lastLines.removeFirst(20) }
        if firstError != nil, excerpt.count < 8, !line.hasPrefix("make") { excerpt.append(line) }
        switch BuildLine(line) {
        case .step(let verb, let target):
            steps += 1
            onStep(verb, target)
        case .warning(let remark):
            let remark = inTree(remark)
            if warnings.count < 1000, !warnings.contains(remark) { warnings.append(remark) }
        case .error(let remark):
            guard firstError == nil else { break }
            firstError = inTree(remark)
            excerpt = [line]
        case .makeError(let target):
            if failedTarget == nil { failedTarget = target }
        case .other: break
        }
    }

    /// A folder of its own says nothing that the reader does not know.
    private func inTree(_ remark: BuildRemark) -> BuildRemark {
        var remark = remark
        let prefix = String(decoding: sourcePrefix, as: UTF8.self)
        if let file = remark.file, file.hasPrefix(prefix) {
            remark.file = String(file.dropFirst(prefix.count))
        }
        return remark
    }

    private func write(_ bytes: UnsafeRawBufferPointer) {
        guard writeFailure == nil else { return }
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = Glibc.write(descriptor, base, rest.count)
            if count < 0 && errno == EINTR { continue }
            // A full disk ends the build itself soon enough.
            guard count > 0 else {
                writeFailure = Errno(rawValue: errno)
                return
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}
