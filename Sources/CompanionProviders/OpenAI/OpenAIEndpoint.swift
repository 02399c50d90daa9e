import CompanionDomain
import FoundationEssentials

/// Where a Chat Completions API is, and in which of its dialects it is spoken to.
struct OpenAIEndpoint: Sendable {
  /// Where requests go.
  let url: URL
  private let host: String

  /// - Parameter baseURL: the address that `/chat/completions` is appended to. With no path at all it is the
  ///   root of a server, and the API is below its `/v1`. A query, such as Azure's `api-version`, is kept.
  init(baseURL: URL) {
    var components = URLComponents(url: baseURL, resolvingAgainstBaseURL: true)
    var path = components?.path ?? ""
    while path.hasSuffix("/") { path.removeLast() }
    if path.isEmpty { path = "/v1" }
    if !path.hasSuffix("/chat/completions") { path += "/chat/completions" }
    components?.path = path
    url = components?.url ?? baseURL
    host = (baseURL.host() ?? "").lowercased()
  }

  /// The provider's name, as OpenTelemetry's `gen_ai.provider.name` has it; the host where it has none.
  var provider: String {
    let known = [
      "api.openai.com": "openai", "api.groq.com": "groq", "api.mistral.ai": "mistral_ai",
      "api.deepseek.com": "deepseek", "api.perplexity.ai": "perplexity", "api.x.ai": "x_ai",
    ]
    return isAzure ? "azure.ai.openai" : known[host] ?? (host.isEmpty ? "unknown" : host)
  }

  /// The header that carries a key.
  func authorization(_ secret: String) -> (name: String, value: String) {
    isAzure ? ("api-key", secret) : ("authorization", "Bearer \(secret)")
  }

  /// Whether the limit on tokens has its new name: OpenAI's reasoning models refuse the old one, and many
  /// other servers do not know the new one.
  var usesMaximumCompletionTokens: Bool { isAzure || host == "api.openai.com" }

  private var isAzure: Bool {
    host.hasSuffix(".openai.azure.com") || host.hasSuffix(".services.ai.azure.com")
      || host.hasSuffix(".cognitiveservices.azure.com")
  }
}
