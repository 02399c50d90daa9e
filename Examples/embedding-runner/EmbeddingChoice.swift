import CompanionKit
import ExampleSupport
import Foundation

/// What makes the vectors.
enum EmbeddingChoice: Hashable {
  case offline
  case server(url: String, model: String, keyVariable: String?)

  /// The model where none is named.
  static let usualModel = "BAAI/bge-m3"

  /// What a command line names; `nil` where it names nothing.
  init?(_ arguments: Arguments) throws(UsageError) {
    let (model, key) = (arguments["--model"], arguments["--key"])
    guard let address = arguments["--embeddings"], address != "offline" else {
      guard model == nil, key == nil else { throw UsageError("--model and --key need --embeddings URL.") }
      guard arguments.has("--embeddings") else { return nil }
      self = .offline
      return
    }
    if let url = URLComponents(string: address), url.user != nil || url.password != nil {
      // It would be kept, and printed.
      throw UsageError(
        "--embeddings takes no name and password in the address; name the variable of a key with --key.")
    }
    self = .server(url: address, model: model ?? Self.usualModel, keyVariable: key)
    do throws(ProviderConfigurationFailure) { _ = try providers.makeProviders() } catch {
      let isAddress = error.field.hasSuffix("base_url")
      let needsKey = error.field.hasSuffix("api_key")
      throw UsageError(
        isAddress
          ? "--embeddings needs an http or https address, or offline."
          : needsKey ? "This address needs a key: name its variable with --key." : "\(error)")
    }
  }

  /// Checks that its key is there.
  func check() throws(UsageError) {
    if case .server(_, _, let key?) = self { try checkKey(in: key, option: "--key") }
  }

  var providers: ProvidersConfiguration {
    let provider =
      switch self {
      case .offline:
        ProviderConfiguration(
          id: "offline", api: .offline, model: "lexical", capabilities: ModelCapabilities(kinds: [.embedding])
        )
      case .server(let url, let model, let key):
        ProviderConfiguration(
          id: "embeddings", api: .openAIEmbeddings, model: model, baseURL: url,
          apiKey: key.map { .environment($0) }, breaker: Self.breaker)
      }
    return ProvidersConfiguration(providers: [provider])
  }

  /// There is no other service to turn to: it is this program that decides how often it is asked again, and when.
  private static let breaker = CircuitBreaker.Policy(
    consecutiveFailures: 1_000, failureRatio: 1, minimumCalls: 1_000, cooldown: .seconds(1),
    maximumCooldown: .seconds(60), permanentCooldown: .seconds(1))

  /// What a person is told of it.
  var summary: String {
    switch self {
    case .offline: "offline: lexical vectors, near where texts share words, not where they mean the same"
    case .server(let url, let model, _): "\(model) at \(url)"
    }
  }
}

/// As it is kept.
extension EmbeddingChoice {
  init(_ metadata: [String: String]) {
    guard let url = metadata["url"], let model = metadata["model"] else {
      self = .offline
      return
    }
    self = .server(url: url, model: model, keyVariable: metadata["key"])
  }

  var metadata: [String: String] {
    guard case .server(let url, let model, let key) = self else { return [:] }
    var metadata = ["url": url, "model": model]
    metadata["key"] = key
    return metadata
  }
}
