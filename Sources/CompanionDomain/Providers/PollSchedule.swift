/// How often a job at a provider is asked after: at first after two seconds, later at intervals of half of the
/// time that it has taken so far, up to half a minute. It needs to remember nothing.
public enum PollSchedule {
  /// How long to wait before the next look.
  ///
  /// - Parameters:
  ///   - elapsed: how long the job has taken so far.
  ///   - asked: how long the provider asks to wait, which wins.
  public static func delay(elapsed: Duration, asked: Duration? = nil) -> Duration {
    if let asked, asked > .zero { return asked }
    return min(max(elapsed / 2, .seconds(2)), .seconds(30))
  }
}
