/// Whether a stream comes in small pieces without end, and is better read now and then.
struct Trickle {
    /// How long bytes gather between two reads.
    static let rest: Duration = .milliseconds(1)

    /// An echo or a short answer is over before this many reads; a boot is not.
    private static let readsBeforeRest = 32
    /// More than this in one read is no trickle: a UART's FIFO is 16 bytes.
    private static let smallRead = 256
    /// More than this gathered in one rest is a flood, whose writer must not be held up.
    private static let largeRead = 16 * 1024

    var isGathered = false
    /// So many bytes are read as they come before any gather.
    var head = 0
    /// Whether the descriptor is not watched, but read by a timer.
    private(set) var isResting = false
    private var smallReads = 0

    mutating func noteRead(_ count: Int) {
        guard isGathered else { return }
        if isResting {
            if count > Self.largeRead { end() }
            return
        }
        head = max(0, head - count)
        guard head == 0 else { return }
        smallReads = count < Self.smallRead ? smallReads + 1 : 0
        isResting = smallReads >= Self.readsBeforeRest
    }

    /// Begins again: a read found nothing, or something was sent and an answer is due.
    mutating func end() {
        smallReads = 0
        isResting = false
    }
}
