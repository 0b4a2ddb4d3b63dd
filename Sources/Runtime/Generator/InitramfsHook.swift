/// A part of an image that is chosen by its name: what it adds, and what it does at run time.
public struct InitramfsHook: Sendable {
    /// When ``generatedInit`` calls a hook's shell function of that name: mkinitcpio's points.
    public enum Point: String, Sendable, CaseIterable {
        /// Before the modules are loaded.
        case early = "run_earlyhook"
        /// After that: to make the root's device appear.
        case run = "run_hook"
        /// When the root is mounted at `/new_root`.
        case late = "run_latehook"
        /// Just before the root's init starts.
        case cleanup = "run_cleanuphook"
        /// Before the rescue prompt.
        case emergency = "run_emergencyhook"
    }

    /// Its name, which is a file name in the image too.
    public let name: String
    /// One sentence for the list of hooks.
    public let summary: String
    /// The run-time part: shell functions named as the points are; empty for none.
    public let script: String
    /// The build part.
    public let build: @LoopActor @Sendable (InitramfsGenerator) async throws -> Void

    /// Makes a hook of shell functions.
    public init(
        _ name: String, _ summary: String, script: String = "",
        build: @escaping @LoopActor @Sendable (InitramfsGenerator) async throws -> Void
    ) {
        self.name = name
        self.summary = summary
        self.script = script
        self.build = build
    }

    /// Makes a hook of the bodies of its shell functions.
    ///
    /// - Throws: ``GeneratorError/badHook(_:_:)`` for a name that could not be a file's.
    public init(
        named name: String, _ summary: String, points: [Point: String],
        build: @escaping @LoopActor @Sendable (InitramfsGenerator) async throws -> Void
    ) throws(GeneratorError) {
        let isName = name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
                || $0 == 0x5f || $0 == 0x2d
        }
        guard isName, !name.isEmpty, !name.hasPrefix("-") else {
            throw .badHook(name, "a hook's name has letters, digits, `_` and `-` only")
        }
        let functions = Point.allCases.compactMap { point in
            points[point].map { "\(point.rawValue)() {\n\($0)\n}\n" }
        }
        self.init(name, summary, script: functions.joined(), build: build)
    }
}
