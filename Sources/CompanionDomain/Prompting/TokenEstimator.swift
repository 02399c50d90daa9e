/// Estimates the tokens that a model makes of a text without its tokenizer, and learns from what its provider
/// reports.
///
/// A text is told apart into what tokenizers charge differently (words, digits, kana, Han ...). At first each
/// costs what it does with common tokenizers; what one costs with this model is learnt by linear regression,
/// report by report. A factor stays within 0.35 to 2.2 of the common one, and a report that is absurd or far
/// from all others changes little. The same reports in the same order give the same estimates.
///
/// There is one for each model: tokenizers differ by up to a factor of two. It can be encoded, so that a model's
/// is kept when the process ends.
public struct TokenEstimator: Hashable, Sendable {
  /// The reports that it has learnt from; absurd ones do not count.
  public private(set) var reports = 0
  /// For each trait, by what its tokens differ from the common ones, as a factor.
  private(set) var factors = [Double](repeating: 1, count: TokenTrait.allCases.count)
  /// How uncertain the factors are: their covariance, row by row.
  private(set) var covariance = Self.priorCovariance
  /// How far the last estimates were off before their report was learnt from, as a part of the estimate.
  private(set) var errors: [Double] = []
  /// How many reports in a row were far more than expected, or, negative, far less.
  private(set) var surprises = 0
  /// The tokens of a visit, in the order of the states.
  private var weights: [Double] = Self.commonWeights

  /// One that has learnt nothing.
  public init() {}

  /// The tokens of a text, at least 1 unless it is empty.
  ///
  /// Never less for more text: what begins with a text has at least its tokens.
  ///
  /// Complexity: linear in the length of the text, some 250 MB of ASCII a second.
  public func tokens(in text: String) -> Int {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: weights.count) { visits in
      visits.initialize(repeating: 0)
      TokenFeatures.read(text, into: visits)
      var sum = 0.0
      for index in weights.indices { sum += weights[index] * Double(visits[index]) }
      return Self.whole(sum)
    }
  }

  /// The tokens of what has been read of texts, together with what their messages add.
  package func tokens(in features: TokenFeatures) -> Int {
    var sum = Double(features.messages) * tokensPerMessage
    for index in weights.indices { sum += weights[index] * Double(features.visits[index]) }
    return Self.whole(sum)
  }

  /// The tokens that the format of a message adds to those of its text.
  public var tokensPerMessage: Double {
    Self.commonTokensPerMessage * factors[Self.messageIndex]
  }

  /// The part of an estimate that is to be kept free because estimates are off: 95 % of the last ones were off
  /// by no more, up or down.
  ///
  /// 0.4 until there are 20 reports, or more where estimates were off by more; at most 1.2.
  public var margin: Double {
    let sorted = errors.sorted()
    let place = (95 * sorted.count + 99) / 100
    let error = place > 0 ? min(sorted[place - 1], Self.largestMargin) : 0
    return sorted.count < Self.ownErrors ? max(error, Self.firstMargin) : error
  }

  /// Learns from the tokens that a provider has counted.
  ///
  /// - Parameters:
  ///   - messages: the texts of all messages of the prompt.
  ///   - tokens: what the provider has counted for all of them together. What no tokenizer makes of such
  ///     texts is ignored.
  ///
  /// Complexity: linear in the length of the texts.
  public mutating func learn(from messages: some Sequence<String>, tokens: Int) {
    var features = TokenFeatures()
    for message in messages { features.add(message, messages: 1) }
    learn(from: features, tokens: tokens)
  }

  /// Learns from the tokens that a provider has counted for what has been read of texts.
  package mutating func learn(from features: TokenFeatures, tokens: Int) {
    let common = Self.commonTokens(features)
    let usual = common.reduce(0, +)
    let counted = Double(tokens)
    // Beyond what any tokenizer does; a few tokens are nothing to judge by.
    guard usual > 0, counted > 0, counted < 5 * usual + 50, counted > 0.2 * usual - 10 else { return }

    var estimate = 0.0
    for index in common.indices { estimate += common[index] * factors[index] }
    estimate = max(estimate, 1)
    let surprise = counted / estimate - 1
    reports = min(reports + 1, Self.mostReports)
    if reports > Self.unreckonedReports { note(abs(surprise)) }

    let rows = common.count
    let shares = common.map { $0 / estimate }
    var gains = [Double](repeating: 0, count: rows)
    for row in 0..<rows {
      for column in 0..<rows { gains[row] += covariance[row * rows + column] * shares[column] }
    }
    let noise = Self.noise * Self.noise + (Self.noiseInTokens / estimate) * (Self.noiseInTokens / estimate)
    var variance = noise
    for row in 0..<rows { variance += shares[row] * gains[row] }
    variance = max(variance, noise)
    if surprise * surprise > 9 * variance {
      // Three standard deviations away: the further, the less it is believed.
      variance = surprise * surprise / 9
      if isNewTokenizer(surprise) { return }
    } else {
      surprises = 0
    }

    for row in 0..<rows {
      let factor = factors[row] + gains[row] * surprise / variance
      let range = TokenTrait.allCases[row].range
      factors[row] = min(max(factor, range.lowerBound), range.upperBound)
      for column in 0..<rows {
        let place = row * rows + column
        let learnt = covariance[place] - gains[row] * gains[column] / variance
        // A little of the first uncertainty comes back with each report, so that it never stops learning.
        covariance[place] = learnt + Self.forgetting * (Self.priorCovariance[place] - learnt)
      }
    }
    weigh()
  }

  private mutating func note(_ error: Double) {
    errors.append(error)
    if errors.count > Self.keptErrors { errors.removeFirst() }
  }

  /// Counts what is far from expected; when that goes on, the model has got another tokenizer, and what is known
  /// is uncertain again.
  private mutating func isNewTokenizer(_ surprise: Double) -> Bool {
    surprises = surprise > 0 ? max(surprises, 0) + 1 : min(surprises, 0) - 1
    guard abs(surprises) >= Self.surprisesToRelearn else { return false }
    surprises = 0
    errors = []
    covariance = Self.priorCovariance
    return true
  }

  private mutating func weigh() {
    weights = TokenFeatures.State.allCases.map { state in
      state.commonTokens * factors[Self.traitIndices[Int(state.rawValue)]]
    }
  }

  private static func commonTokens(_ features: TokenFeatures) -> [Double] {
    var tokens = [Double](repeating: 0, count: TokenTrait.allCases.count)
    for (index, visits) in features.visits.enumerated() {
      tokens[traitIndices[index]] += commonWeights[index] * Double(visits)
    }
    tokens[messageIndex] = commonTokensPerMessage * Double(features.messages)
    return tokens
  }

  private static func whole(_ tokens: Double) -> Int {
    tokens > 0 ? Int(exactly: max(tokens.rounded(), 1)) ?? .max : 0
  }
}

extension TokenEstimator {
  static let commonTokensPerMessage = 4.0
  /// Covers the tokenizers that the common tokens were fitted to, in the languages that they are worst at.
  static let firstMargin = 0.4
  static let largestMargin = 1.2
  /// The first estimates are those of an unknown model, and say nothing about later ones.
  private static let unreckonedReports = 4
  private static let ownErrors = 16
  static let keptErrors = 64
  private static let mostReports = 1 << 40
  private static let surprisesToRelearn = 5
  /// What remains of an error when all is learnt, as a part of the estimate.
  private static let noise = 0.05
  private static let noiseInTokens = 1.5
  private static let forgetting = 0.0005

  private static let traitIndices = TokenFeatures.State.allCases.map { state in
    TokenTrait.allCases.firstIndex(of: state.trait) ?? 0
  }
  private static let messageIndex = TokenTrait.allCases.firstIndex(of: .message) ?? 0
  static let commonWeights = TokenFeatures.State.allCases.map(\.commonTokens)

  /// Before anything is known: factors differ together, by their kind, and each by itself.
  static let priorCovariance: [Double] = TokenTrait.allCases.flatMap { row in
    TokenTrait.allCases.map { column in
      guard row != .message, column != .message else { return row == column ? 0.5 : 0 }
      return 0.04 + (row.kind == column.kind ? 0.04 : 0) + (row == column ? 0.09 : 0)
    }
  }
}

extension TokenEstimator: Codable {
  private enum CodingKeys: CodingKey { case reports, traits, factors, covariance, errors, surprises }

  /// Decodes what has been learnt.
  ///
  /// - Throws: `DecodingError` when it is damaged, or of a version that learns something else.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let traits = try values.decode([String].self, forKey: .traits)
    reports = try values.decode(Int.self, forKey: .reports)
    factors = try values.decode([Double].self, forKey: .factors)
    errors = try values.decode([Double].self, forKey: .errors)
    surprises = try values.decode(Int.self, forKey: .surprises)
    let triangle = try values.decode([Double].self, forKey: .covariance)
    let rows = TokenTrait.allCases.count
    guard traits == TokenTrait.allCases.map(\.rawValue), factors.count == rows,
      (0...Self.mostReports).contains(reports),
      zip(TokenTrait.allCases, factors).allSatisfy({ $0.range.contains($1) }),
      errors.count <= Self.keptErrors, errors.allSatisfy({ $0.isFinite && $0 >= 0 }),
      abs(max(surprises, -Self.surprisesToRelearn)) < Self.surprisesToRelearn,
      triangle.count == rows * (rows + 1) / 2, triangle.allSatisfy({ abs($0) <= 1 })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .factors, in: values, debugDescription: "This is not what a token estimator has learnt.")
    }
    var place = 0
    for row in 0..<rows {
      for column in 0...row {
        covariance[row * rows + column] = triangle[place]
        covariance[column * rows + row] = triangle[place]
        place += 1
      }
    }
    weigh()
  }

  /// Encodes what has been learnt, in some kilobytes.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    let rows = TokenTrait.allCases.count
    try values.encode(reports, forKey: .reports)
    try values.encode(TokenTrait.allCases.map(\.rawValue), forKey: .traits)
    try values.encode(factors, forKey: .factors)
    try values.encode(errors, forKey: .errors)
    try values.encode(surprises, forKey: .surprises)
    let triangle = (0..<rows).flatMap { row in (0...row).map { covariance[row * rows + $0] } }
    try values.encode(triangle, forKey: .covariance)
  }
}
