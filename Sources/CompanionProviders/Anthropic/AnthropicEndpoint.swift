import FoundationEssentials

/// Where a Messages API is.
struct AnthropicEndpoint: Sendable {
  /// Where requests go.
  let url: URL
  /// The provider's name, as OpenTelemetry's `gen_ai.provider.name` has it; the host for others.
  let provider: String

  private static let publicURL = URL(string: "https://api.anthropic.com") ?? URL(filePath: "/")

  /// - Parameter baseURL: the address that `/v1/messages` is appended to, with or without a part of that;
  ///   `nil` for Anthropic's own. A query is kept.
  init(baseURL: URL?) {
    let baseURL = baseURL ?? Self.publicURL
    var components = URLComponents(url: baseURL, resolvingAgainstBaseURL: true)
    var path = components?.path ?? ""
    while path.hasSuffix("/") { path.removeLast() }
    if !path.hasSuffix("/messages") { path += path.hasSuffix("/v1") ? "/messages" : "/v1/messages" }
    components?.path = path
    url = components?.url ?? baseURL
    let host = (baseURL.host() ?? "").lowercased()
    provider = host == "api.anthropic.com" ? "anthropic" : host.isEmpty ? "unknown" : host
  }
}
