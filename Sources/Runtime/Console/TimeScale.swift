/// How much longer limits are than a recipe says: guests under TCG and kernels built to find bugs
/// take several times as long for the same work.
public struct TimeScale: Sendable, Equatable {
    /// What one second of a limit counts.
    public var factor: Double
    /// Why, in words; empty where nothing stretches the limits.
    public var reasons: [String]

    /// Makes a scale; limits count as they are where nothing is said.
    public init(factor: Double = 1, reasons: [String] = []) {
        self.factor = factor
        self.reasons = reasons
    }

    /// TCG runs a guest's boot two to five times as long as KVM does (measured); most of a limit
    /// is reserve already.
    private static let tcgFactor = 2.0
    private static let debugFactor = 2.0

    /// What follows from how a machine runs.
    ///
    /// - Parameter recipe: the recipe's own factor, `qsh.timeout_scale`.
    public static func of(_ accelerator: Accelerator, recipe: Double = 1) -> TimeScale {
        var scale = TimeScale()
        if recipe != 1 { scale.add(recipe, "qsh.timeout_scale") }
        if accelerator == .tcg { scale.add(tcgFactor, "tcg") }
        return scale
    }

    /// The same for a kernel that was built to find bugs.
    func withDebugFeature(_ feature: String?) -> TimeScale {
        guard let feature else { return self }
        var scale = self
        scale.add(Self.debugFactor, "a \(feature) kernel")
        return scale
    }

    private mutating func add(_ factor: Double, _ reason: String) {
        self.factor *= factor
        reasons.append(reason)
    }

    /// How long a limit is.
    public func callAsFunction(_ limit: Duration) -> Duration {
        factor == 1 ? limit : .seconds(limit.seconds * factor)
    }

    /// Says how a limit came to be what it was; nil where it is as the recipe said.
    public func words(for limit: Duration) -> String? {
        guard factor != 1 else { return nil }
        let times = factor.rounded() == factor ? String(Int(factor)) : String(factor)
        return "the limit of \(limit.inSeconds) counts \(times) times: "
            + reasons.joined(separator: ", ")
    }

    /// The limit that lasts so long: the other way round.
    func limit(lasting length: Duration) -> Duration {
        factor == 1 ? length : .seconds(length.seconds / factor)
    }
}
