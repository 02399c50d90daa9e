import Foundation

/// The seeds that a simulated test goes through: more of them where there is time.
enum Seeds {
  /// 1 to 60, or to what `COMPANION_SIMULATION_SEEDS` says.
  static let range: ClosedRange<UInt64> = 1...count

  /// One in fifteen, for tests that run a simulation for each of many faults.
  static let few: ClosedRange<UInt64> = 1...max(1, count / 15)

  private static let count =
    ProcessInfo.processInfo.environment["COMPANION_SIMULATION_SEEDS"].flatMap(UInt64.init).map { max(1, $0) }
    ?? 60
}
