/// Which of several providers that can do a request is asked first, among those of the same priority.
@nonexhaustive
public enum RoutingStrategy: String, Hashable, Sendable, Codable, CaseIterable {
  /// In the order in which they are configured.
  case priority
  /// The one at which the request is expected to cost least; one whose price is not known comes last.
  case cheapest
  /// The one that has lately answered soonest; one that has not been asked yet comes first.
  case lowestLatency = "lowest_latency"
  /// Each in turn.
  case roundRobin = "round_robin"
}
