import CompanionDomain

/// How fast something gets on, by what was done lately.
struct EmbeddingPace {
  private var marks: [(time: Timestamp, count: Int)] = []

  /// How many steps are looked back on.
  private static let window = 64

  /// Notes that so many are done.
  mutating func note(_ count: Int, at now: Timestamp) {
    marks.append((now, count))
    if marks.count > Self.window { marks.removeFirst() }
  }

  /// In a second; 0 as long as that is not known.
  var rate: Double {
    guard let first = marks.first, let last = marks.last else { return 0 }
    let seconds = first.time.duration(to: last.time) / .seconds(1)
    // What was done by the first mark was done before it.
    let count = marks.dropFirst().reduce(0) { $0 + $1.count }
    return seconds > 0 ? Double(count) / seconds : 0
  }

  /// How long so many take; `nil` where that is not known.
  func remaining(_ count: Int) -> Duration? {
    guard count > 0 else { return .zero }
    let seconds = Double(count) / rate
    return seconds.isFinite && seconds < 1e9 ? .seconds(seconds) : nil
  }
}
