import CLinux

/// How many characters a terminal shows.
public struct TerminalSize: Sendable, Equatable {
    /// Lines.
    public var rows: Int
    /// Characters on a line.
    public var columns: Int

    /// Makes a size.
    public init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    /// The size of the terminal that is one of standard output, error or input; nil where none is,
    /// or where it does not know its size, as a serial line.
    public static var current: TerminalSize? {
        for descriptor: Int32 in [1, 2, 0] {
            if let size = TerminalSize(of: descriptor) { return size }
        }
        return nil
    }

    /// The size of the terminal behind `descriptor`; nil as for ``current``.
    public init?(of descriptor: Int32) {
        var rows: Int32 = 0
        var columns: Int32 = 0
        guard qterminal_size(descriptor, &rows, &columns) == 0, rows > 0, columns > 0 else {
            return nil
        }
        self.init(rows: Int(rows), columns: Int(columns))
    }
}
