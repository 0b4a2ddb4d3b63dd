import Glibc

/// A path inside an image, as raw bytes without a leading slash: `bin/busybox`.
///
/// Made so that the kernel takes it: its limits are PATH_MAX with the final NUL for the whole
/// name and NAME_MAX for each component; `init/initramfs.c` drops longer names without a word.
public struct InitramfsPath: Sendable, Hashable, Comparable {
    /// Components joined by single slashes; empty for the root directory.
    public let bytes: [UInt8]

    /// The root directory.
    public static let root = InitramfsPath(normalised: [])

    /// The longest name in bytes: PATH_MAX without the NUL.
    static let maximumLength = 4095
    /// The longest component in bytes: NAME_MAX.
    static let maximumComponent = 255
    /// The name that ends an archive, and that no file can therefore have.
    static let trailer = Array("TRAILER!!!".utf8)

    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// For bytes that are known to be normalised and within the limits.
    init(normalised bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Normalises a path such as `/bin/sh`, `bin//sh` or `./bin/sh`.
    public init(_ text: String) throws(InitramfsError) {
        try self.init(bytes: Array(text.utf8))
    }

    /// Normalises a path that need not be UTF-8.
    public init(bytes raw: [UInt8]) throws(InitramfsError) {
        if raw.contains(0) { throw .nameHasNUL(raw) }
        if raw.isEmpty { throw .nameEmpty }
        var joined: [UInt8] = []
        joined.reserveCapacity(raw.count)
        for component in raw.split(separator: Self.slash) {
            if component.count == 1, component.first == Self.dot { continue }
            if component.elementsEqual([Self.dot, Self.dot]) { throw .nameHasDotDot(raw) }
            if component.count > Self.maximumComponent {
                throw .componentTooLong(raw, length: component.count)
            }
            if !joined.isEmpty { joined.append(Self.slash) }
            joined.append(contentsOf: component)
        }
        if joined.count > Self.maximumLength { throw .nameTooLong(raw, length: joined.count) }
        if joined == Self.trailer { throw .nameIsTrailer }
        bytes = joined
    }

    /// Whether this is the root directory.
    public var isRoot: Bool { bytes.isEmpty }

    /// The directory that holds this path; nil for the root.
    public var parent: InitramfsPath? {
        if isRoot { return nil }
        guard let cut = bytes.lastIndex(of: Self.slash) else { return .root }
        return InitramfsPath(normalised: Array(bytes[..<cut]))
    }

    /// The components from the root downwards.
    public var components: [ArraySlice<UInt8>] { bytes.split(separator: Self.slash) }

    /// The last component.
    public var name: ArraySlice<UInt8> {
        bytes[(bytes.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0)...]
    }

    /// The path of `name` inside this directory.
    ///
    /// - Parameter name: one component, without slashes.
    public func appending(_ name: some Collection<UInt8>) throws(InitramfsError) -> InitramfsPath {
        var joined = bytes
        joined.reserveCapacity(bytes.count + 1 + name.count)
        if !isRoot { joined.append(Self.slash) }
        joined.append(contentsOf: name)
        if name.count > Self.maximumComponent {
            throw .componentTooLong(joined, length: name.count)
        }
        if joined.count > Self.maximumLength { throw .nameTooLong(joined, length: joined.count) }
        if joined == Self.trailer { throw .nameIsTrailer }
        return InitramfsPath(normalised: joined)
    }

    /// Order by bytes, which puts each directory before what it holds.
    public static func < (left: InitramfsPath, right: InitramfsPath) -> Bool {
        left.bytes.withUnsafeBytes { left in
            right.bytes.withUnsafeBytes { right in
                guard let one = left.baseAddress, let other = right.baseAddress else {
                    return left.count < right.count
                }
                let order = memcmp(one, other, min(left.count, right.count))
                return order == 0 ? left.count < right.count : order < 0
            }
        }
    }

    /// The absolute path as text for messages.
    public var display: String { "/" + printable(bytes) }
}
