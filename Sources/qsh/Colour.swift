import ArgumentParser
import Glibc
import Synchronization

/// When qsh writes in colour (`--color`).
enum ColourChoice: String, ExpressibleByArgument, CaseIterable {
    /// On a terminal, unless `NO_COLOR` is set (no-color.org).
    case auto
    case always, never
}

/// The one place where it is decided.
enum Colour {
    private static let choice = Mutex(ColourChoice.auto)

    static func choose(_ new: ColourChoice) { choice.withLock { $0 = new } }

    static func isWanted(on descriptor: Int32) -> Bool {
        switch choice.withLock({ $0 }) {
        case .always: true
        case .never: false
        case .auto: isatty(descriptor) == 1 && getenv("NO_COLOR") == nil
        }
    }
}
