import CompanionDomain
import Testing

struct TokenBucketTests {
  private static let start = BreakerUnderTest.start

  @Test func `a full bucket gives a minute's amount at once, and then as much as flows in`() {
    var bucket = TokenBucket(perMinute: 60, at: Self.start)
    #expect(bucket.capacity == 60)
    for _ in 0..<60 {
      #expect(bucket.wait(for: 1, at: Self.start) == .zero)
      bucket.take(1, at: Self.start)
    }
    #expect(bucket.level(at: Self.start) == 0)
    #expect(bucket.wait(for: 1, at: Self.start) == .seconds(1))
    #expect(bucket.wait(for: 30, at: Self.start) == .seconds(30))
    #expect(bucket.wait(for: 1, at: Self.start + .milliseconds(500)) == .milliseconds(500))
    #expect(bucket.wait(for: 1, at: Self.start + .seconds(1)) == .zero)
  }

  @Test func `it holds no more than a minute's amount`() {
    let bucket = TokenBucket(perMinute: 60, at: Self.start)
    #expect(bucket.level(at: Self.start + .seconds(86_400)) == 60)
  }

  @Test func `more than it holds is there when it is full, and leaves a debt`() {
    var bucket = TokenBucket(perMinute: 600, at: Self.start)
    #expect(bucket.wait(for: 10_000, at: Self.start) == .zero)
    bucket.take(1_800, at: Self.start)
    #expect(bucket.level(at: Self.start) == -1_200)
    #expect(bucket.wait(for: 1, at: Self.start) == .milliseconds(120_100))
    #expect(bucket.wait(for: 10_000, at: Self.start) == .seconds(180))
  }

  @Test func `those who take what is not there wait one behind the other`() {
    var bucket = TokenBucket(perMinute: 60, at: Self.start)
    bucket.take(60, at: Self.start)
    var waits: [Duration] = []
    for amount in [5.0, 1, 10, 2] {
      waits.append(bucket.wait(for: amount, at: Self.start))
      bucket.take(amount, at: Self.start)
    }
    #expect(waits == [5, 6, 16, 18].map { .seconds($0) })
  }

  @Test func `what is given back can be taken again, up to the capacity`() {
    var bucket = TokenBucket(perMinute: 60, at: Self.start)
    bucket.take(50, at: Self.start)
    bucket.take(-20, at: Self.start)
    #expect(bucket.level(at: Self.start) == 30)
    bucket.take(-1_000, at: Self.start)
    #expect(bucket.level(at: Self.start) == 60)
  }

  @Test func `a clock that is set back brings nothing and takes nothing, and stops nothing`() {
    var bucket = TokenBucket(perMinute: 60, at: Self.start)
    bucket.take(60, at: Self.start)
    let earlier = Self.start + .seconds(-3_600)
    #expect(bucket.level(at: earlier) == 0)
    #expect(bucket.wait(for: 3, at: earlier) == .seconds(3))
    bucket.adjust(to: earlier)
    #expect(bucket.level(at: earlier) == 0)
    #expect(bucket.wait(for: 3, at: earlier + .seconds(3)) == .zero)
  }

  @Test(arguments: [Int.min, -1, 0])
  func `a rate below one is one`(rate: Int) {
    var bucket = TokenBucket(perMinute: rate, at: Self.start)
    bucket.take(1, at: Self.start)
    #expect(bucket.wait(for: 1, at: Self.start) == .seconds(60))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func `what is not a finite number is nothing`(amount: Double) {
    var bucket = TokenBucket(perMinute: 60, at: Self.start)
    bucket.take(10, at: Self.start)
    bucket.take(amount, at: Self.start)
    #expect(bucket.level(at: Self.start) == 50)
  }

  @Test(arguments: [1, 7, 60, 100_000, Int.max], 0..<10 as Range<UInt64>)
  func `nobody gets more than the capacity and what has flowed in`(rate: Int, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var bucket = TokenBucket(perMinute: rate, at: Self.start)
    var now = Self.start
    var taken = 0.0
    for _ in 0..<2_000 {
      now = now + .nanoseconds(Int64.random(in: 0..<3_000_000_000, using: &random))
      let amount = Double.random(in: 0...bucket.capacity / 4, using: &random)
      let wait = bucket.wait(for: amount, at: now)
      if Bool.random(using: &random) {
        // Whoever waits finds the amount.
        now = now + wait
        #expect(bucket.wait(for: amount, at: now) == .zero)
      } else if wait > .zero {
        continue
      }
      bucket.take(amount, at: now)
      taken += amount
      let seconds = Double(Self.start.duration(to: now) / .milliseconds(1)) / 1_000
      #expect(taken <= (bucket.capacity + seconds * bucket.capacity / 60) * (1 + 1e-6))
    }
    #expect(taken > bucket.capacity)
  }

  @Test func `nothing traps, whatever is asked at whatever time`() {
    let times = [Int64.min, -1, 0, 1, .max].map(Timestamp.init(nanosecondsSinceEpoch:))
    let amounts = [
      Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, -0.0, 1e300,
      .leastNonzeroMagnitude, 1,
    ]
    for rate in [Int.min, 0, 1, .max] {
      for start in times {
        var bucket = TokenBucket(perMinute: rate, at: start)
        for time in times {
          for amount in amounts + amounts {
            bucket.take(amount, at: time)
            for amount in amounts { #expect(bucket.wait(for: amount, at: start) >= .zero) }
            #expect(bucket.level(at: time).isFinite && bucket.level(at: time) <= bucket.capacity)
          }
        }
      }
    }
  }
}
