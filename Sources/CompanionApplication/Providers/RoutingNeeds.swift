import CompanionDomain
import CompanionPorts

/// What a request needs of a provider.
struct RoutingNeeds: Sendable {
  /// Any of these will do.
  var kinds: Set<ModelCapabilities.Kind>
  var tools = false
  var json = false
  /// The tokens that it is expected to use; rates and costs are reserved by it until the provider has counted.
  var expected = TokenUsage(input: 0, output: 0)
  /// The tokens of the longest text, where each has the context window to itself; `nil` where they share it.
  var longestText: Int?
  /// Only a model with a context window larger than this; set when the request has turned out to be too long.
  var windowBeyond: Int?
  /// Only this provider.
  var only: ProviderID?
  /// Only this model.
  var model: ModelIdentity?
  /// These have been tried for it.
  var excluded: Set<ProviderID> = []
  /// Whether it costs nothing more, so that no budget stands in its way: such as a look after a job.
  var isPaidFor = false
  /// Whether a failure may be for what is asked, and then says nothing about the provider, unless another one answers
  /// the same: whoever asks finds out by asking something else.
  var isSuspect = false
  /// The task that it is made for: the provider that failed it last is asked last.
  var task: TaskID?

  init(_ kinds: Set<ModelCapabilities.Kind>) { self.kinds = kinds }

  /// What a request for text needs.
  ///
  /// - Parameter counter: estimates the tokens of the prompt; `nil` where nobody asks for them.
  init(
    _ request: GenerationRequest, kinds: Set<ModelCapabilities.Kind> = [.text], counter: (any TokenCounter)?
  ) {
    self.kinds = kinds
    tools = !request.tools.isEmpty
    if case .json = request.format { json = true }
    expected.output = max(request.maximumOutputTokens ?? 0, 0)
    guard let counter else { return }
    for message in request.messages {
      let tokens = TokenUsage(input: max(counter.tokens(in: message.text), 0), output: 0)
      expected = expected.adding(tokens).adding(TokenUsage(input: 4, output: 0))
    }
  }

  /// The kinds, for a person.
  var names: String { kinds.map(\.rawValue).sorted().joined(separator: " or ") }

  /// The tokens that it is expected to use, those of the prompt and the answer together.
  var expectedTokens: Double { Double(expected.input) + Double(expected.output) }

  /// The tokens by which prices are compared: an answer whose length nobody has limited is taken for one of 500.
  var likely: TokenUsage {
    expected.output > 0 ? expected : TokenUsage(input: expected.input, output: 500)
  }
}

extension RoutingNeeds {
  /// What keeps a provider from doing something at all.
  enum Lack: Hashable, Sendable {
    case otherProvider, otherModel, tools, json, largerWindow
    case kind(String)
    case window(Int, needed: Int)
    case output(Int, needed: Int)
  }

  /// What a provider lacks for it; `nil` when it can do it.
  func lack(of setup: ProviderTable.Setup) -> Lack? {
    if let only, only != setup.id { return .otherProvider }
    guard !setup.kinds.isDisjoint(with: kinds) else { return .kind(names) }
    if let model, model != (kinds == [.embedding] ? setup.embeddingModel : setup.model) { return .otherModel }
    if tools, !setup.capabilities.tools { return .tools }
    if json, !setup.capabilities.json { return .json }
    if let maximum = setup.capabilities.maximumOutput, expected.output > maximum {
      return .output(maximum, needed: expected.output)
    }
    let needed = longestText.map(Double.init) ?? expectedTokens
    if let window = setup.capabilities.contextWindow, needed > Double(window) {
      return .window(window, needed: Int(exactly: needed.rounded()) ?? .max)
    }
    if let windowBeyond, setup.capabilities.contextWindow ?? 0 <= windowBeyond { return .largerWindow }
    return nil
  }
}

extension RoutingNeeds.Lack: CustomStringConvertible {
  var description: String {
    switch self {
    case .otherProvider: "is not the one that is meant"
    case .otherModel: "is another model"
    case .tools: "has no tools"
    case .json: "has no JSON"
    case .largerWindow: "has no larger context window"
    case .kind(let names): "has no capability \(names)"
    case .window(let window, let needed):
      "has a context window of \(window) tokens, and about \(needed) are needed"
    case .output(let maximum, let needed):
      "answers with \(maximum) tokens at the most, and not with \(needed)"
    }
  }
}
