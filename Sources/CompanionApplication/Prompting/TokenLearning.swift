package import CompanionDomain
import CompanionPorts
import Synchronization

/// How well the tokens of a model's prompts are estimated.
public struct TokenEstimate: Hashable, Sendable {
  /// How many counts of its provider have been learnt from.
  public var reports: Int
  /// The part of an estimate that is kept free because it may be too low; 0 where the host counts exactly.
  public var margin: Double
}

extension ModelRouter {
  /// How well the tokens of prompts are estimated, for each model that answers.
  package func tokenEstimates() -> [ModelIdentity: TokenEstimate] {
    let models = table.withLock { $0.rows.map(\.setup).filter { $0.kinds.contains(.text) }.map(\.model) }
    return Dictionary(models.map { ($0, learning.estimate(of: $0)) }, uniquingKeysWith: { first, _ in first })
  }
}

/// Estimates tokens by what providers have counted, for each model by itself.
final class TokenLearning: Sendable {
  private struct Known {
    var estimator = TokenEstimator()
    /// How many reports the estimator that is stored has learnt from.
    var storedReports = 0

    var unstored: Int { estimator.reports - storedReports }
    /// Whether there is enough that is new: the first reports say much, the later ones little.
    var isDue: Bool { unstored >= (estimator.reports <= 32 ? 4 : 16) }
  }

  let exact: (any TokenCounter)?
  /// Wakes whoever stores what is learnt.
  let onDue = WakeUp()
  private let models = Mutex<[ModelIdentity: Known]>([:])

  /// - Parameter exact: the host's own counter, which needs not learn; `nil` for estimates.
  init(exact: (any TokenCounter)?) { self.exact = exact }

  /// Learns from what a provider has counted for a request.
  func learn(from request: GenerationRequest, by model: ModelIdentity, _ usage: TokenUsage) {
    // What a provider makes of a schema is not to be seen in any text.
    guard exact == nil, usage.input > 0, request.format == .text else { return }
    var texts = request.messages.map { $0.parts.map(\.sentText).joined() }
    if !request.tools.isEmpty {
      texts.append(request.tools.map { $0.name + $0.summary + $0.parameters.plainText }.joined())
    }
    let isDue = models.withLock { models in
      models[model, default: Known()].estimator.learn(from: texts, tokens: usage.input)
      return models[model]?.isDue ?? false
    }
    if isDue { onDue() }
  }

  /// What was learnt of models since it was stored.
  var unstored: [ModelIdentity: TokenEstimator] {
    models.withLock { $0.filter { $1.unstored > 0 }.mapValues(\.estimator) }
  }

  /// Takes what is stored of a model, unless more is known of it.
  func note(stored estimator: TokenEstimator, of model: ModelIdentity) {
    models.withLock { models in
      var known = models[model] ?? Known()
      if known.estimator.reports <= estimator.reports { known.estimator = estimator }
      known.storedReports = estimator.reports
      models[model] = known
    }
  }

  /// Counts for whichever of some models is asked: as many as the one that makes most of a text.
  func counter(for models: [ModelIdentity]) -> (counter: any TokenCounter, margin: Double) {
    if let exact { return (exact, 0) }
    let known = self.models.withLock { known in models.map { known[$0]?.estimator ?? TokenEstimator() } }
    let distinct = Set(known)
    guard distinct.count > 1 else {
      let only = distinct.first ?? TokenEstimator()
      return (only, only.margin)
    }
    return (LargestEstimate(estimators: known), known.map(\.margin).max() ?? 0)
  }

  func estimate(of model: ModelIdentity) -> TokenEstimate {
    let estimator = models.withLock { $0[model]?.estimator } ?? TokenEstimator()
    return TokenEstimate(reports: estimator.reports, margin: exact == nil ? estimator.margin : 0)
  }

  private struct LargestEstimate: TokenCounter {
    let estimators: [TokenEstimator]

    func tokens(in text: String) -> Int { estimators.map { $0.tokens(in: text) }.max() ?? 0 }
    var tokensPerMessage: Double { estimators.map(\.tokensPerMessage).max() ?? 4 }
  }
}

extension MessagePart {
  /// All of it that is sent.
  fileprivate var sentText: String {
    switch self {
    case .text(let text): text
    case .toolCall(let call): call.id + call.name + call.arguments
    case .toolResult(let result): result.callID + result.content
    }
  }
}
