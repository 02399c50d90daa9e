/// What a transfer is told.
enum TransferCommand: Equatable {
  case start, pause, resume, cancel
}

/// When a transfer is paused because its reader does not keep up.
///
/// Pausing and resuming are carried out by whichever thread asked for it. Only one is under way at a time;
/// what was decided meanwhile is asked for when it is done.
struct TransferFlow {
  /// How much of a body may be held.
  enum Limits: Equatable {
    /// The transfer pauses above the one, and resumes at the other.
    case pausing(above: Int, resumingAt: Int)
    /// The transfer cannot be paused, and is given up above this.
    case bounded(by: Int)
  }

  /// What follows from a chunk that is held.
  enum Verdict: Equatable {
    case command(TransferCommand?)
    case overflow
  }

  private let limits: Limits
  private var isPauseWanted = false
  private var isPauseInEffect = false
  private var isChanging = false

  init(limits: Limits) { self.limits = limits }

  /// Whether the server may be silent because it is not listened to.
  var isPaused: Bool { isPauseWanted || isPauseInEffect }

  /// So many bytes are held now, more than before.
  mutating func held(_ byteCount: Int) -> Verdict {
    switch limits {
    case .bounded(let maximum):
      return byteCount > maximum ? .overflow : .command(nil)
    case .pausing(let maximum, _):
      if byteCount > maximum { isPauseWanted = true }
      return .command(nextCommand())
    }
  }

  /// So many bytes are held now, less than before.
  mutating func drained(to byteCount: Int) -> TransferCommand? {
    guard case .pausing(_, let minimum) = limits else { return nil }
    if byteCount <= minimum { isPauseWanted = false }
    return nextCommand()
  }

  /// What was asked for last is done.
  mutating func carriedOut() -> TransferCommand? {
    guard isChanging else { return nil }
    isChanging = false
    isPauseInEffect.toggle()
    return nextCommand()
  }

  private mutating func nextCommand() -> TransferCommand? {
    guard !isChanging, isPauseWanted != isPauseInEffect else { return nil }
    isChanging = true
    return isPauseWanted ? .pause : .resume
  }
}
