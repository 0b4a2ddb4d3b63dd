/// Tells kernels that were built to find bugs, and take several times as long for everything.
enum DebugKernel {
    /// What `mm/kasan`, `kernel/locking/lockdep.c`, `mm/kmsan`, `kernel/kcsan` and
    /// `kernel/rcu/tree_plugin.h` say when they begin. KFENCE costs nothing that counts.
    private static let signs: [(words: StaticString, feature: String)] = [
        ("kasan: KernelAddressSanitizer initialized", "kasan"),
        ("KernelAddressSanitizer initialized", "kasan"),
        ("Lock dependency validator: ", "lockdep"),
        ("Starting KernelMemorySanitizer", "kmsan"),
        ("kmsan: Starting KernelMemorySanitizer", "kmsan"),
        ("kcsan: enabled", "kcsan"),
    ]

    /// The feature that a line of the kernel's announces; nil for nearly all.
    static func feature(in text: ArraySlice<UInt8>) -> String? {
        guard let first = text.first, "kKLS".utf8.contains(first) else { return nil }
        return signs.first { text.starts(with: $0.words) }?.feature
    }
}
