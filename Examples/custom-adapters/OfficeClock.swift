import CompanionKit

/// A clock of one's own: the system's, five minutes fast, as in an office that wants everybody on time.
struct OfficeClock: TimeSource {
  private static let lead = Duration.seconds(300)
  private let system = SystemTimeSource()

  var now: Timestamp { system.now.advanced(by: Self.lead) }
  var minimumResolution: Duration { system.minimumResolution }

  func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
    try await system.sleep(until: deadline.advanced(by: .zero - Self.lead), tolerance: tolerance)
  }
}
