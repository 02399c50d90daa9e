import CompanionDomain
import CompanionPorts
import CompanionSystem
import FoundationEssentials
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SystemSourcesTests {
  /// A clock that shows what it is told to.
  private final class SetClock: TimeSource {
    let time = Mutex(Timestamp.epoch)
    var now: Timestamp { time.withLock(\.self) }
    var minimumResolution: Duration { .nanoseconds(1) }
    func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {}
  }

  private struct Zeros: RandomSource {
    func nextBits() -> UInt64 { 0 }
  }

  @Test func `the system's time is the wall clock's`() {
    let before = Date.now.timeIntervalSince1970
    let now = Double(SystemTimeSource().now.nanosecondsSinceEpoch) / 1e9
    #expect((before - 0.001...before + 10).contains(now))
  }

  @Test func `time passes as the clock counts that nobody can set`() {
    let time = SystemTimeSource()
    let (before, start) = (ContinuousClock.now, time.now)
    let (end, after) = (time.now, ContinuousClock.now)
    #expect(start <= end)
    #expect(start.duration(to: end) <= before.duration(to: after))
  }

  @Test func `a sleep ends at its time, and one that is due does not begin`() async throws {
    let time: any TimeSource = .system
    try await time.sleep(until: .epoch, tolerance: nil)
    let deadline = time.now.advanced(by: .milliseconds(5))
    try await time.sleep(until: deadline, tolerance: nil)
    #expect(time.now >= deadline.advanced(by: .milliseconds(-1)))
  }

  @Test func `even an endless sleep ends when its task is cancelled`() async {
    let sleeper = Task { try await SystemTimeSource().sleep(until: .distantFuture, tolerance: nil) }
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
  }

  @Test func `identifiers begin with the milliseconds and end with chance`() {
    let clock = SetClock()
    clock.time.withLock { $0 = Timestamp(nanosecondsSinceEpoch: 1_767_225_600_123_456_789) }
    let source = TimeOrderedIdentifiers(time: clock, random: Zeros())
    #expect(source.nextBits() == UInt128(1_767_225_600_123) << 80)
  }

  @Test func `identifiers increase within a millisecond and when the clock steps back`() {
    let clock = SetClock()
    clock.time.withLock { $0 = Timestamp(nanosecondsSinceEpoch: 1_000_000_000_000) }
    let source = TimeOrderedIdentifiers(time: clock, random: SystemRandomSource())
    var last = source.nextBits()
    for step in 0..<10_000 {
      if step == 5_000 { clock.time.withLock { $0 = .epoch } }
      let next = source.nextBits()
      #expect(next > last)
      last = next
    }
  }

  @Test func `identifiers that are made at once differ`() async {
    let source: TimeOrderedIdentifiers = .timeOrdered
    let made = await withTaskGroup { group in
      for _ in 0..<8 { group.addTask { (0..<1_000).map { _ in source.nextBits() } } }
      return await group.reduce(into: Set<UInt128>()) { $0.formUnion($1) }
    }
    #expect(made.count == 8_000)
  }

  @Test func `random bits differ`() {
    let source: any RandomSource = .system
    #expect(Set((0..<100).map { _ in source.nextBits() }).count == 100)
  }
}
