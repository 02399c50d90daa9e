public import CompanionDomain
public import CompanionPorts

/// How calls find their provider.
public struct RoutingConfiguration: Sendable {
  /// Which provider is asked first among those of the same priority.
  public var strategy = RoutingStrategy.priority
  /// Hedging: after how long without the beginning of an answer a second provider is asked as well; the first to
  /// begin answers. Both may be billed. `nil` for never. It is done for a person who waits, and never for a task.
  public var hedgeAfter: Duration?
  /// Counts the tokens of texts exactly, as all models do that are asked; `nil` for estimates, which learn for each
  /// model by itself from what its provider counts.
  public var tokenCounter: (any TokenCounter)?
  /// How long entries of the ledger are kept.
  public var ledgerRetention: Duration = .seconds(90 * 86_400)

  /// The defaults.
  public init() {}
}
