/// Returns the known word nearest to `word`, for "did you mean".
///
/// - Returns: nil where nothing is within a third of the word's length.
public func nearest(to word: String, among known: some Sequence<String>) -> String? {
    let limit = max(1, word.count / 3)
    let best =
        known
        .map { (word: $0, distance: editDistance(Array(word.utf8), Array($0.utf8))) }
        .min { ($0.distance, $0.word) < ($1.distance, $1.word) }
    return best.flatMap { $0.distance <= limit ? $0.word : nil }
}

/// Returns the optimal string alignment distance: a swap of neighbours counts one.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in left.indices {
        var row = [i + 1]
        for j in right.indices {
            let substitution = last[j] + (left[i] == right[j] ? 0 : 1)
            var cost = min(last[j + 1] + 1, row[j] + 1, substitution)
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                cost = min(cost, beforeLast[j - 1] + 1)
            }
            row.append(cost)
        }
        (beforeLast, last) = (last, row)
    }
    return last[right.count]
}
