/// What a model's tokens cost.
public struct ModelPrice: Hashable, Sendable, Codable {
  /// The price of a million tokens of the prompt.
  public var perMillionInput: Double
  /// The price of a million tokens of the prompt that the provider had computed before; `nil` for the same as
  /// any others.
  public var perMillionCachedInput: Double?
  /// The price of a million tokens of the answer, those thought and not said included.
  public var perMillionOutput: Double
  /// The currency, such as `USD`.
  public var currency: String

  /// A price.
  public init(
    perMillionInput: Double, perMillionCachedInput: Double? = nil, perMillionOutput: Double,
    currency: String = "USD"
  ) {
    self.perMillionInput = perMillionInput
    self.perMillionCachedInput = perMillionCachedInput
    self.perMillionOutput = perMillionOutput
    self.currency = currency
  }

  /// What so many tokens cost.
  public func cost(of usage: TokenUsage) -> Double {
    let usage = usage.counted
    let cached = min(usage.cachedInput ?? 0, usage.input)
    return
      (Double(usage.input - cached) * perMillionInput
      + Double(cached) * (perMillionCachedInput ?? perMillionInput)
      + Double(usage.output) * perMillionOutput) / 1_000_000
  }
}

/// An amount of money.
public struct Cost: Hashable, Sendable, Codable {
  /// How much.
  public var amount: Double
  /// The currency, such as `USD`.
  public var currency: String

  /// An amount.
  public init(amount: Double, currency: String) {
    self.amount = amount
    self.currency = currency
  }

  /// Whether a call can have cost this: the amount is a number, and not negative.
  package var isPossible: Bool { amount.isFinite && amount >= 0 }
}
