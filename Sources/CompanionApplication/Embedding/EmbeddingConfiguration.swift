public import CompanionDomain

/// How what is stored is embedded, and how it is found by that.
public struct EmbeddingConfiguration: Sendable {
  /// Whether a companion that runs embeds by itself, where a provider makes vectors. Without it,
  /// `Companion/embedAll()` does.
  public var isAutomatic = true
  /// The longest time between two runs. At least 1 s; less counts as that.
  public var interval: Duration = .seconds(120)
  /// How long it waits for more when something was written, so that a burst of it is one run.
  public var debounce: Duration = .seconds(2)
  /// The most texts of one call. At least 1; less counts as that.
  public var batchSize = 8
  /// How much is read from the store at a time. At least 1; less counts as that.
  public var pageSize = 160
  /// The most tokens of a text; longer ones are cut into pieces, each with a vector of its own. What the model's
  /// context window has counts where it is less. At least 32; less counts as that.
  public var pieceTokens = 512
  /// The share of a piece that repeats the end of the one before, 0 to 0.5.
  public var pieceOverlap = 0.15
  /// When what failed is tried again, and how often before it is parked.
  public var retry = RetryPolicy(maximumRetries: 4, base: .seconds(30), cap: .seconds(3_600))
  /// How long a call may take. Before that it may wait half as long for the provider, when that is at its limits.
  public var callDeadline: Duration = .seconds(120)
  /// How long a run that is under way may go on when the companion is stopped: it ends behind the next batch.
  public var stopGrace: Duration = .seconds(10)
  /// How long a recall waits for the vector of what is asked. When it does not come in time, words alone find.
  public var recallPatience: Duration = .milliseconds(500)

  /// The defaults.
  public init() {}

  /// The configuration within the bounds that its properties name.
  var bounded: EmbeddingConfiguration {
    var bounded = self
    bounded.interval = max(interval, .seconds(1))
    bounded.debounce = max(debounce, .zero)
    bounded.batchSize = max(batchSize, 1)
    bounded.pageSize = max(pageSize, 1)
    bounded.pieceTokens = max(pieceTokens, 32)
    return bounded
  }
}
