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
  /// The task that it is made for: the provider that failed it last is asked last.
  var task: TaskID?

  init(_ kinds: Set<ModelCapabilities.Kind>) { self.kinds = kinds }

  /// What a request for text needs.
  init(
    _ request: GenerationRequest, kinds: Set<ModelCapabilities.Kind> = [.text], counter: any TokenCounter
  ) {
    self.kinds = kinds
    tools = !request.tools.isEmpty
    if case .json = request.format { json = true }
    var input = 0
    for message in request.messages { input += counter.tokens(in: message.text) + 4 }
    expected = TokenUsage(input: input, output: request.maximumOutputTokens ?? 0)
  }

  /// The kinds, for a person.
  var names: String { kinds.map(\.rawValue).sorted().joined(separator: " or ") }

  /// What a model lacks for it; `nil` when it can do it.
  func lack(of provider: Provider) -> String? {
    let capabilities = provider.configuration.capabilities
    if let only, only != provider.id { return "is not \(only)" }
    guard !capabilities.kinds.intersection(provider.services.kinds).isDisjoint(with: kinds) else {
      return "has no capability \(names)"
    }
    if let model, model != provider.model { return "is another model" }
    if tools, !capabilities.tools { return "has no tools" }
    if json, !capabilities.json { return "has no JSON" }
    if let window = capabilities.contextWindow, expected.input > window {
      return "has a context window of \(window) tokens, and about \(expected.input) are needed"
    }
    if let windowBeyond, capabilities.contextWindow ?? 0 <= windowBeyond {
      return "has no larger context window"
    }
    return nil
  }
}
