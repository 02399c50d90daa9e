import CompanionApplication

/// A process as a scenario draws it up.
struct ProcessPlan: Sendable {
  /// How far its clock is ahead of the store's.
  var offset: Duration
  /// How long it stays down between two lives.
  var restartDelay: Duration
  /// What goes wrong with its store.
  var odds: StoreFaultPlan.Odds
  var configuration: CompanionConfiguration
}
