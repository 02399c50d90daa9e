import CompanionDomain
import FoundationEssentials
import Testing

/// The article about configuration files says what is true.
struct ConfigurationArticleTests {
  private func article() throws -> String {
    let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let file = root.appending(path: "Documentation/CompanionKit.docc/ProviderConfiguration.md")
    return try String(contentsOf: file, encoding: .utf8)
  }

  private func example() throws -> Data {
    let blocks = try article().split(separator: "```json\n").dropFirst()
    let text = try #require(blocks.first?.split(separator: "```").first)
    #expect(blocks.count == 1)
    return Data(text.utf8)
  }

  @Test func `the example is a configuration, and writes out the defaults`() throws {
    let configuration = try ProvidersConfiguration(json: try example())
    #expect(configuration.providers.map(\.api) == [.openAIResponses, .openAIChat, .openAIImages, .offline])
    let first = try #require(configuration.providers.first)
    let plain = ProviderConfiguration(id: first.id, api: first.api, model: first.model)
    #expect(first.breaker == plain.breaker)
    #expect(first.timeout == plain.timeout && first.priority == plain.priority)
    #expect(first.capabilities.kinds == plain.capabilities.kinds)
    #expect(configuration.strategy == ProvidersConfiguration(providers: []).strategy)
    #expect(try ProvidersConfiguration(json: configuration.json) == configuration)
  }

  @Test func `every member is in a table, and every row is about a member`() throws {
    // What is written of this configuration has all the members that there are.
    var members: Set<String> = []
    func collect(_ json: JSONValue) {
      switch json {
      case .object(let object):
        members.formUnion(object.keys)
        for value in object.values { collect(value) }
      case .array(let elements): for element in elements { collect(element) }
      default: return
      }
    }
    collect(ConfigurationSample.configuration.json)
    let rows = try article().split(separator: "\n").filter { $0.hasPrefix("| `") }
    let described = Set(
      rows.compactMap { $0.split(separator: "`").dropFirst().first?.split(separator: ".").last })
    #expect(members.subtracting(["env", "host"]) == Set(described.map(String.init)))
  }

  @Test func `what a member may be is listed`() throws {
    let article = try article()
    let names =
      ProviderAPI.allCases.map(\.rawValue) + RoutingStrategy.allCases.map(\.rawValue)
      + ModelCapabilities.Kind.allCases.map(\.rawValue) + CostBudget.Period.allCases.map(\.rawValue)
    for name in names { #expect(article.contains("`\(name)`"), "\(name)") }
  }
}
