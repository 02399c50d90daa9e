import CompanionDomain
import FoundationEssentials

/// Where one of OpenAI's APIs is, and in which of its dialects it is spoken to.
struct OpenAIEndpoint: Sendable {
  /// Where requests go.
  let url: URL
  /// The path before the API's own.
  private let root: String
  private let host: String

  /// - Parameters:
  ///   - baseURL: the address that the path is appended to, unless it ends with it. With no path at all it is
  ///     the root of a server, and the API is below its `/v1`; at Azure below `/openai/v1`, or below
  ///     `/openai` where the version is a date. A query is kept.
  ///   - path: the API's path, such as `/chat/completions`.
  ///   - deployment: the model, for an API that Azure's dated versions have below `/deployments/MODEL`.
  ///   - apiVersion: Azure's `api-version`, where the address does not have one already.
  init(baseURL: URL, path apiPath: String, deployment: String? = nil, apiVersion: String? = nil) {
    host = (baseURL.host() ?? "").lowercased()
    var components = URLComponents(url: baseURL, resolvingAgainstBaseURL: true)
    let versionInURL = components?.queryItems?.first { $0.name.lowercased() == "api-version" }?.value
    if let apiVersion, versionInURL == nil { components?.addQueryItem("api-version", apiVersion) }
    var path = components?.path ?? ""
    while path.hasSuffix("/") { path.removeLast() }
    if path.isEmpty {
      let isDated = (versionInURL ?? apiVersion)?.first?.isNumber ?? false
      path = Self.isAzure(host) ? (isDated ? "/openai" : "/openai/v1") : "/v1"
    }
    if Self.isAzure(host), path == "/openai", let deployment { path += "/deployments/\(deployment)" }
    if path.hasSuffix(apiPath) { path.removeLast(apiPath.count) }
    root = path
    components?.path = path + apiPath
    url = components?.url ?? baseURL
  }

  /// Where a model is described; without one, where all are listed. Azure has that beside its deployments.
  func modelsURL(of model: String? = nil) -> URL {
    var components = URLComponents(url: url, resolvingAgainstBaseURL: true)
    let deployments = root.firstRange(of: "/deployments/")?.lowerBound ?? root.endIndex
    components?.path = root[..<deployments] + "/models" + (model.map { "/" + $0 } ?? "")
    return components?.url ?? url
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

  private var isAzure: Bool { Self.isAzure(host) }

  private static func isAzure(_ host: String) -> Bool {
    host.hasSuffix(".openai.azure.com") || host.hasSuffix(".services.ai.azure.com")
      || host.hasSuffix(".cognitiveservices.azure.com")
  }
}
