import CompanionDomain
import Testing

struct TimestampTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"),
    (1_772_357_400_250_000_000, "2026-03-01T09:30:00.250Z"),
    (1_001_000_000, "1970-01-01T00:00:01.001Z"),
    (-1_000_000, "1969-12-31T23:59:59.999Z"),
    (-1, "1969-12-31T23:59:59.999Z"),
    (.min, "1677-09-21T00:12:43.145Z"),
    (.max, "2262-04-11T23:47:16.854Z"),
  ])
  func `a timestamp is described in ISO 8601 to the millisecond`(nanoseconds: Int64, text: String) {
    #expect(Timestamp(nanosecondsSinceEpoch: nanoseconds).description == text)
  }

  @Test func `advancing saturates at both ends instead of trapping`() {
    #expect(Timestamp.distantFuture.advanced(by: .seconds(1)) == .distantFuture)
    #expect(Timestamp.epoch.advanced(by: .seconds(Int64.max)) == .distantFuture)
    let first = Timestamp(nanosecondsSinceEpoch: .min)
    #expect(first.advanced(by: .nanoseconds(-1)) == first)
    #expect(first.duration(to: .distantFuture) == .nanoseconds(Int64.max))
    #expect(Timestamp.distantFuture.duration(to: first) == .nanoseconds(Int64.min))
  }

  @Test func `a duration from one timestamp to another leads there`() {
    let start = Timestamp(nanosecondsSinceEpoch: 12_345)
    for offset in [-5_000_000_000, -1, 0, 1, 987_654_321_012] as [Int64] {
      let end = start.advanced(by: .nanoseconds(offset))
      #expect(start.duration(to: end) == .nanoseconds(offset))
      #expect((start < end) == (offset > 0))
    }
  }
}

struct DurationTests {
  @Test func `nanoseconds saturate`() {
    #expect(Duration.seconds(Int64.max).nanoseconds == .max)
    #expect(Duration.seconds(Int64.min).nanoseconds == .min)
    #expect(Duration.milliseconds(-1_500).nanoseconds == -1_500_000_000)
    #expect(Duration.microseconds(1_500).milliseconds == 1.5)
  }
}
