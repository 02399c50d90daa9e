/// How long to wait before something is asked again: doubling, up to a cap.
struct Backoff {
  private var delay: Duration
  private let cap: Duration

  init(first: Duration, cap: Duration) {
    delay = min(first, cap)
    self.cap = cap
  }

  mutating func next() -> Duration {
    defer { delay = min(delay * 2, cap) }
    return delay
  }
}
