/// The tokens of one request, as its provider counted them.
public struct TokenUsage: Hashable, Sendable, Codable {
  /// The tokens of the prompt, those computed before included.
  public var input: Int
  /// The tokens of the answer, those thought and not said included.
  public var output: Int
  /// The part of the input that the provider had computed before.
  public var cachedInput: Int?
  /// The part of the output that was thought and not said.
  public var reasoning: Int?

  /// A count; `nil` for what the provider does not tell.
  public init(input: Int, output: Int, cachedInput: Int? = nil, reasoning: Int? = nil) {
    self.input = input
    self.output = output
    self.cachedInput = cachedInput
    self.reasoning = reasoning
  }
}

extension TokenUsage {
  /// Whether it can be a count: none that is below zero can.
  package var isPossible: Bool {
    input >= 0 && output >= 0 && (cachedInput ?? 0) >= 0 && (reasoning ?? 0) >= 0
  }

  /// The same without numbers below zero, which nobody has counted.
  package var counted: TokenUsage {
    TokenUsage(
      input: max(0, input), output: max(0, output), cachedInput: cachedInput.map { max(0, $0) },
      reasoning: reasoning.map { max(0, $0) })
  }

  /// The sum of two counts, saturated. A part that neither tells stays unknown.
  public func adding(_ other: TokenUsage) -> TokenUsage {
    TokenUsage(
      input: Self.sum(input, other.input), output: Self.sum(output, other.output),
      cachedInput: Self.sum(cachedInput, other.cachedInput), reasoning: Self.sum(reasoning, other.reasoning))
  }

  private static func sum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? (left < 0 ? .min : .max) : sum
  }

  private static func sum(_ left: Int?, _ right: Int?) -> Int? {
    left == nil && right == nil ? nil : sum(left ?? 0, right ?? 0)
  }
}
