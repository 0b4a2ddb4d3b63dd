/// Why a file is in an image.
public struct PickReason: Sendable, Equatable {
    /// The hook that was at work; empty where a recipe added it itself.
    public var hook: String
    /// What kind of thing it is, for the report: ``Kind``.
    public var kind: Kind
    /// In words that end the sentence "it is here because …", without the other file's name.
    public var text: String
    /// The file of the image that brought it; nil where the chain ends.
    public var because: InitramfsPath?

    /// What the report counts together.
    public enum Kind: String, Sendable, CaseIterable {
        case module
        case firmware
        case program
        case library
        case configuration
        case script
        case data
    }

    /// Makes a reason.
    public init(
        _ kind: Kind, _ text: String, hook: String = "", because: InitramfsPath? = nil
    ) {
        self.hook = hook
        self.kind = kind
        self.text = text
        self.because = because
    }
}

/// One link of the chain that ``InitramfsTree/why(_:)`` returns.
public struct PickStep: Sendable, Equatable {
    /// A file of the image.
    public let path: String
    /// Why it is there.
    public let reason: PickReason

    /// `PATH: REASON (hook HOOK)` in one line.
    public var line: String {
        let other = reason.because.map { " \($0.display)" } ?? ""
        let hook = reason.hook.isEmpty ? "" : " (hook \(reason.hook))"
        return "\(path): \(reason.text)\(other)\(hook)"
    }

    /// `{ path, reason, kind, hook, because }`
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "path": .string(path), "reason": .string(reason.text),
            "kind": .string(reason.kind.rawValue),
        ]
        if !reason.hook.isEmpty { members["hook"] = .string(reason.hook) }
        if let because = reason.because { members["because"] = .string(because.display) }
        return .object(members)
    }
}

extension InitramfsTree {
    /// Keeps why a path is there; the first reason stays.
    mutating func explain(_ path: InitramfsPath, _ reason: PickReason) {
        guard let real = entry(at: path)?.path, reasons[real] == nil else { return }
        reasons[real] = reason
    }

    /// The chain of reasons for a path, the path itself first; empty where it is not there or
    /// nobody wrote down why.
    public func why(_ path: InitramfsPath) -> [PickStep] {
        var steps: [PickStep] = []
        var next: InitramfsPath? = path
        var seen: Set<InitramfsPath> = []
        while let asked = next, let here = entry(at: asked)?.path, seen.insert(here).inserted,
            let reason = reasons[here]
        {
            steps.append(PickStep(path: here.display, reason: reason))
            next = reason.because
        }
        return steps
    }

    /// What a word means: a path, the name of a module, or else all files of this name.
    public func paths(named name: String) -> [InitramfsPath] {
        if let asked = (try? InitramfsPath(name)).flatMap({ entry(at: $0)?.path }) {
            return [asked]
        }
        let module = KernelModuleFile.canonical(name)
        if let file = entries.first(where: { KernelModuleFile($0.path.display)?.name == module }) {
            return [file.path]
        }
        return entries.filter { !$0.isDirectory && printable($0.path.name) == name }.map(\.path)
    }

    /// The chain of reasons for a word; nil where it means no file, or more than one.
    ///
    /// What is there without a reason was added by the recipe itself.
    public func why(named name: String) -> [PickStep]? {
        let paths = paths(named: name)
        guard paths.count == 1 else { return nil }
        let steps = why(paths[0])
        let own = PickReason(.data, "the recipe adds it")
        return steps.isEmpty ? [PickStep(path: paths[0].display, reason: own)] : steps
    }
}
