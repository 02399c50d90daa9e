public import CompanionPorts

/// What goes wrong with one call of a store.
@nonexhaustive
public enum StoreFault: Hashable, Sendable {
  /// The process dies before the store has done anything.
  case crashBefore
  /// The process dies when the store has done it, and before anybody knows.
  case crashAfter
  /// The store does it, and says that something failed.
  case errorAfter
  /// The store does nothing, because another process keeps it busy.
  case busy
  /// The store takes this long before it does it.
  case slow(Duration)
  /// The store does nothing, and never answers.
  case hang
}

/// What goes wrong with the news of a change; see `TaskStore.taskChanges()`.
@nonexhaustive
public enum ChangeNewsFault: Hashable, Sendable {
  /// It does not come.
  case lost
  /// It comes twice.
  case doubled
  /// It comes this much later, behind other news.
  case late(Duration)
}

/// One call of a store, as a ``StoreFaultPlan`` sees it.
public struct StoreCall: Hashable, Sendable {
  /// What a call does.
  @nonexhaustive
  public enum Kind: Hashable, Sendable {
    /// It changes something.
    case commit
    /// It says that a worker is alive, and nothing else.
    case heartbeat
    /// It takes tasks.
    case claim
    /// It removes what is old.
    case prune
    /// It changes nothing.
    case read
  }

  /// Its place among the calls of its store, from 1.
  public var number: Int
  /// What it does.
  public var kind: Kind

  /// A call of these parts.
  public init(number: Int, kind: Kind) {
    self.number = number
    self.kind = kind
  }
}

/// Which calls of a ``FaultyStore`` go wrong, and how.
public struct StoreFaultPlan: Sendable {
  /// How likely each fault is, from 0 to 1; the rest is that all goes well.
  public struct Odds: Hashable, Sendable {
    /// Of a call: the process dies before it or after it, one as likely as the other.
    public var crash = 0.0
    /// Of a call: done, and an error returned.
    public var errorAfter = 0.0
    /// Of a call: the store is busy.
    public var busy = 0.0
    /// Of a call: the store is slow.
    public var slow = 0.0
    /// The longest that a slow call takes.
    public var slowest: Duration = .seconds(10)
    /// Of a call: no answer.
    public var hang = 0.0
    /// Of the news of a change: it is lost.
    public var lostNews = 0.0
    /// Of the news of a change: it comes twice.
    public var doubledNews = 0.0
    /// Of the news of a change: it comes up to ``slowest`` later.
    public var lateNews = 0.0

    /// Nothing goes wrong.
    public init() {}
  }

  let fault: @Sendable (StoreCall) -> StoreFault?
  /// `nil` when all news comes as it should.
  let newsFault: (@Sendable () -> ChangeNewsFault?)?

  /// A plan that decides at every call; it is asked once for each, in their order.
  public init(
    fault: @escaping @Sendable (StoreCall) -> StoreFault?,
    newsFault: (@Sendable () -> ChangeNewsFault?)? = nil
  ) {
    self.fault = fault
    self.newsFault = newsFault
  }

  /// Nothing goes wrong.
  public static let none = StoreFaultPlan { _ in nil }

  /// One call goes wrong: to be tried at every call that a scenario makes, one after another.
  public static func once(_ fault: StoreFault, atCall number: Int) -> StoreFaultPlan {
    StoreFaultPlan { $0.number == number ? fault : nil }
  }

  /// Chance decides: with a seeded source, the same calls go wrong in every run of a seed.
  public static func random(_ odds: Odds, from random: any RandomSource) -> StoreFaultPlan {
    guard odds.hasNewsFaults else { return StoreFaultPlan { _ in odds.fault(random) } }
    return StoreFaultPlan { _ in
      odds.fault(random)
    } newsFault: {
      odds.newsFault(random)
    }
  }
}

extension StoreFaultPlan.Odds {
  fileprivate func fault(_ random: any RandomSource) -> StoreFault? {
    var point = random.fraction()
    if takes(crash, from: &point) { return random.nextBits() & 1 == 0 ? .crashBefore : .crashAfter }
    if takes(errorAfter, from: &point) { return .errorAfter }
    if takes(busy, from: &point) { return .busy }
    if takes(slow, from: &point) { return .slow(slowest * random.fraction()) }
    if takes(hang, from: &point) { return .hang }
    return nil
  }

  fileprivate var hasNewsFaults: Bool { lostNews + doubledNews + lateNews > 0 }

  fileprivate func newsFault(_ random: any RandomSource) -> ChangeNewsFault? {
    var point = random.fraction()
    if takes(lostNews, from: &point) { return .lost }
    if takes(doubledNews, from: &point) { return .doubled }
    if takes(lateNews, from: &point) { return .late(slowest * random.fraction()) }
    return nil
  }

  /// Whether a point on the line from 0 to 1 lies on the next piece of it; moves on to the piece behind.
  private func takes(_ length: Double, from point: inout Double) -> Bool {
    defer { point -= length }
    return point >= 0 && point < length
  }
}

extension RandomSource {
  /// A number from 0 up to, not including, 1.
  fileprivate func fraction() -> Double { Double(nextBits() >> 11) / Double(1 << 53 as UInt64) }
}
