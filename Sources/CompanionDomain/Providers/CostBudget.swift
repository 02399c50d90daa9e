/// What may be spent at a provider in a period.
///
/// It warns at 80 % and stops at 100 %. Only what is known of the cost counts: a call whose tokens or price are
/// not known leaves it as it is, and the ledger says so.
public struct CostBudget: Hashable, Sendable, Codable {
  /// The time after which spending starts over. Days and months are those of UTC.
  @nonexhaustive
  public enum Period: String, Hashable, Sendable, Codable, CaseIterable {
    case hour, day, month
    /// It never starts over.
    case total
  }

  /// The most that may be spent, in `currency`.
  public var limit: Double
  /// The currency; that of the model's price.
  public var currency: String
  /// When spending starts over.
  public var period: Period

  /// A budget.
  public init(limit: Double, currency: String = "USD", period: Period = .month) {
    self.limit = limit
    self.currency = currency
    self.period = period
  }

  /// How far a budget is used up.
  public enum Level: Int, Hashable, Sendable, Comparable {
    /// Less than 80 % is spent.
    case ample
    /// 80 % or more is spent.
    case low
    /// Everything is spent.
    case exhausted

    /// Whether the left level leaves more.
    public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  /// How far the budget is used up when so much is spent. What cannot be compared is exhausted: a budget that
  /// does not count would not be one.
  public func level(spent: Double) -> Level {
    guard spent < limit else { return .exhausted }
    return spent >= limit * 0.8 ? .low : .ample
  }
}

extension CostBudget.Period {
  /// When the period that a time falls in began.
  public func start(at now: Timestamp) -> Timestamp {
    switch self {
    case .hour: now.roundedDown(to: 3_600)
    case .day: now.roundedDown(to: 86_400)
    case .month: Timestamp(monthOf: now.civilDate)
    case .total: Timestamp(nanosecondsSinceEpoch: .min)
    }
  }

  /// When the next period begins; `nil` for never.
  public func end(at now: Timestamp) -> Timestamp? {
    switch self {
    case .hour: return start(at: now).advanced(by: .seconds(3_600))
    case .day: return start(at: now).advanced(by: .seconds(86_400))
    case .month:
      var date = now.civilDate
      (date.year, date.month) = date.month == 12 ? (date.year + 1, 1) : (date.year, date.month + 1)
      return Timestamp(monthOf: date)
    case .total: return nil
    }
  }
}

extension Timestamp {
  fileprivate func roundedDown(to seconds: Int64) -> Timestamp {
    let period = seconds * 1_000_000_000
    let (start, overflow) = nanosecondsSinceEpoch.dividedRoundingDown(by: period)
      .multipliedReportingOverflow(by: period)
    return Timestamp(nanosecondsSinceEpoch: overflow ? .min : start)
  }

  fileprivate var civilDate: CivilDate {
    CivilDate(daysSinceEpoch: Int(nanosecondsSinceEpoch.dividedRoundingDown(by: 86_400_000_000_000)))
  }

  /// The beginning of a date's month.
  fileprivate init(monthOf date: CivilDate) {
    let days = CivilDate(year: date.year, month: date.month, day: 1).daysSinceEpoch
    self = Timestamp.epoch.advanced(by: .seconds(days * 86_400))
  }
}
