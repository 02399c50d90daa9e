import CompanionDomain
import FoundationEssentials
import Testing

struct CostBudgetTests {
  private func level(_ spent: Double, of limit: Double) -> CostBudget.Level {
    CostBudget(limit: limit).level(spent: spent)
  }

  @Test func `it warns at 80 % and stops at 100 %`() {
    #expect(level(0, of: 10) == .ample)
    #expect(level(7.999, of: 10) == .ample)
    #expect(level(8, of: 10) == .low)
    #expect(level(9.999, of: 10) == .low)
    #expect(level(10, of: 10) == .exhausted)
    #expect(level(11, of: 10) == .exhausted)
    #expect(CostBudget.Level.ample < .low)
    #expect(CostBudget.Level.low < .exhausted)
  }

  @Test func `a budget that cannot count is exhausted`() {
    #expect(level(0, of: 0) == .exhausted)
    #expect(level(0, of: -1) == .exhausted)
    #expect(level(0, of: .nan) == .exhausted)
    #expect(level(.nan, of: 10) == .exhausted)
    #expect(level(.infinity, of: .infinity) == .exhausted)
    #expect(level(1e300, of: .infinity) == .ample)
    #expect(level(-5, of: 10) == .ample)
  }

  private func time(_ text: String) throws -> Timestamp {
    let date = try Date(text, strategy: .iso8601)
    return Timestamp(nanosecondsSinceEpoch: Int64(date.timeIntervalSince1970) * 1_000_000_000)
  }

  @Test(
    arguments: [
      (.hour, "2026-03-01T09:30:15Z", "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"),
      (.hour, "2026-12-31T23:59:59Z", "2026-12-31T23:00:00Z", "2027-01-01T00:00:00Z"),
      (.hour, "1969-12-31T23:59:59Z", "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z"),
      (.day, "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
      (.day, "2024-02-28T23:59:59Z", "2024-02-28T00:00:00Z", "2024-02-29T00:00:00Z"),
      (.day, "1969-12-31T12:00:00Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"),
      (.month, "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
      (.month, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
      (.month, "2026-01-31T12:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
      (.month, "2024-02-29T12:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
      (.month, "2023-02-28T12:00:00Z", "2023-02-01T00:00:00Z", "2023-03-01T00:00:00Z"),
      (.month, "2000-02-29T12:00:00Z", "2000-02-01T00:00:00Z", "2000-03-01T00:00:00Z"),
      (.month, "2100-02-28T12:00:00Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z"),
      (.month, "1968-02-29T12:00:00Z", "1968-02-01T00:00:00Z", "1968-03-01T00:00:00Z"),
    ] as [(CostBudget.Period, String, String, String)])
  func `periods are those of the clock in UTC`(
    period: CostBudget.Period, now: String, start: String, end: String
  ) throws {
    #expect(period.start(at: try time(now)) == (try time(start)))
    #expect(period.end(at: try time(now)) == (try time(end)))
  }

  @Test func `the total has no beginning and no end`() {
    #expect(CostBudget.Period.total.start(at: .epoch) == Timestamp(nanosecondsSinceEpoch: .min))
    #expect(CostBudget.Period.total.end(at: .epoch) == nil)
  }

  @Test(arguments: [CostBudget.Period.hour, .day, .month])
  func `every time is in its period, and periods follow one another`(period: CostBudget.Period) throws {
    var random = SplitMix64(seed: 11)
    for _ in 0..<5_000 {
      let now = Timestamp(nanosecondsSinceEpoch: .random(in: (.min / 2)...(.max / 2), using: &random))
      let start = period.start(at: now)
      let end = try #require(period.end(at: now))
      #expect(start <= now && now < end)
      #expect(period.start(at: start) == start)
      #expect(period.start(at: end) == end)
      #expect(period.start(at: end.advanced(by: .nanoseconds(-1))) == start)
      #expect(period.end(at: start) == end)
    }
  }

  @Test(arguments: CostBudget.Period.allCases, [Int64.min, .min + 1, .max - 1, .max])
  func `at the ends of time nothing traps`(period: CostBudget.Period, nanoseconds: Int64) {
    let now = Timestamp(nanosecondsSinceEpoch: nanoseconds)
    #expect(period.start(at: now) <= now)
    #expect(period.end(at: now).map { $0 >= now } ?? true)
  }
}
