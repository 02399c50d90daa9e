public import CompanionDomain

/// How memory is formed, and what it may cost.
public struct MemoryConfiguration: Sendable {
  /// Whether a companion that runs forms memory by itself. Without it, `Companion/generateMemory()` does.
  public var isAutomatic = true
  /// The longest time between two runs.
  public var updateInterval: Duration = .seconds(3_600)
  /// So many new messages begin a run sooner. At least 1; less counts as that.
  public var growth = 20
  /// How long it waits for more messages then, so that a burst of them is one run.
  public var debounce: Duration = .seconds(30)
  /// How long a run that is under way may go on when the companion is stopped.
  public var stopGrace: Duration = .seconds(30)
  /// What short-term memory looks back on, and for how long it is kept when nothing more is said.
  public var window: Duration = .seconds(86_400)
  /// The most tokens of a short-term memory. At least 16; less counts as that.
  public var shortTermTokens = 300
  /// The most tokens of a long-term memory. At least 16; less counts as that.
  public var longTermTokens = 500
  /// The most tokens of messages that go into one call. At least 64; less counts as that.
  public var batchTokens = 3_000
  /// The most calls of a model in one run; 0 for none.
  ///
  /// What cannot be stored before all of it is there takes several: one for each person who speaks, or two for facts.
  /// It is left to the next run when it has not enough of them left. Where one run's budget is too small for it, the
  /// run that begins with it finishes it all the same, and does nothing else: so every run gets on. Half of a run's
  /// budget is for channels; what they leave is shared by threads, workspaces, people and facts, so that each gets on
  /// in each run where there are ten calls or more.
  public var callBudget = 500
  /// The most tokens of prompts and answers in one run, together; 0 for none. What has begun by then is finished.
  public var tokenBudget = 500_000
  /// How long a call may take.
  public var callDeadline: Duration = .seconds(120)
  /// The temperature of the calls.
  public var temperature = 0.5
  /// How times are told: in the time zone and the language of whoever is remembered.
  public var calendar = MemoryCalendar()
  /// Which channels are remembered beyond themselves. Personal conversations are remembered for their user.
  public var sharing = ChannelSharing.none
  /// The most tokens of memories, facts and earlier messages that a prompt is given; 0 for none.
  public var recallTokens = 800
  /// Whether the companion speaks up by itself, and when; `nil` for never.
  public var proactivity: ProactivityConfiguration?

  /// The defaults.
  public init() {}

  /// The configuration within the bounds that its properties name.
  var bounded: MemoryConfiguration {
    var bounded = self
    bounded.growth = max(growth, 1)
    bounded.shortTermTokens = max(shortTermTokens, 16)
    bounded.longTermTokens = max(longTermTokens, 16)
    bounded.batchTokens = max(batchTokens, 64)
    bounded.recallTokens = max(recallTokens, 0)
    bounded.updateInterval = max(updateInterval, .seconds(1))
    bounded.debounce = max(debounce, .zero)
    bounded.proactivity = proactivity?.bounded
    return bounded
  }

  /// The tokens that a memory of a kind may have.
  func tokenLimit(of kind: MemoryKind) -> Int { kind == .shortTerm ? shortTermTokens : longTermTokens }
}
