import CompanionKit
import CompanionTesting
import Foundation
import Testing

/// Providers that come from a file.
struct ProvidersFileTests {
  @Test func `a file of two providers makes a companion with both, by its strategy`() async throws {
    try await withFile(
      """
      {"strategy": "round_robin", "hedge_after_ms": 250, "providers": [
        {"id": "first", "api": "offline", "model": "extractive"},
        {"id": "second", "api": "offline", "model": "extractive", "priority": 3}]}
      """
    ) { path in
      let read = try ProvidersConfiguration(contentsOf: path)
      let companion = try Companion(providers: read, store: .inMemory)
      #expect(companion.providers.map(\.configuration.id) == ["first", "second"])
      #expect(companion.providersConfiguration == read)
    }
  }

  @Test func `what was switched is in the configuration that a host saves`() async throws {
    let configuration = ProvidersConfiguration(providers: [
      ProviderConfiguration(id: "first", api: .offline, model: "extractive"),
      ProviderConfiguration(id: "second", api: .offline, model: "extractive", priority: 3),
    ])
    let companion = try Companion(providers: configuration, store: .inMemory)
    try await companion.switchProvider(from: "first", to: "second", reason: "a test")
    let saved = try ProvidersConfiguration(json: companion.providersConfiguration.json)
    let next = try Companion(providers: saved, store: .inMemory)
    #expect(next.providers.map(\.configuration.id) == ["second", "first"])
  }

  @Test(arguments: [
    ("", "is empty"), (" \n", "is empty"), ("{", "is not JSON: see line 1, column 2"),
    (#"{"providers": [}"#, "is not JSON: see line 1, column 16"),
    ("{\n  \"providers\": []\n  ]", "is not JSON: see line 3, column 3"),
    ("{\"providers\": []} //", "is not JSON: see line 1, column 19"),
    ("{\"a\": \"\u{1}\"}", "is not JSON: see line 1, column 8"),
    (#"{"a": "\x"}"#, "is not JSON: see line 1, column 9"), ("{'a': 1}", "is not JSON: see line 1, column 2"),
    ("{\"a\": 01}", "is not JSON: see line 1, column 8"),
    ("{\"a\": tru}", "is not JSON: see line 1, column 10"),
    (#"{"providers": [],}"#, "is not JSON: see line 1, column 18"), ("[1]", "must be an object"),
    (
      #"{"providers": [], "sharp edge": 1}"#,
      "there is no such member; there are hedge_after_ms, providers, strategy"
    ),
    (String(repeating: "[", count: 100_000), "is nested too deeply"),
  ])
  func `what is not JSON is told, with where it is not`(text: String, problem: String) async throws {
    try await withFile(text) { path in
      let failure = #expect(throws: ProviderConfigurationFailure.self) {
        _ = try ProvidersConfiguration(contentsOf: path)
      }
      #expect(failure?.description == "\(path): \(problem)")
    }
  }

  @Test func `a file that cannot be read says why`() async throws {
    try await withFolder { folder in
      let large = "\(folder)/large.json"
      try String(repeating: " ", count: 1_100_000).write(toFile: large, atomically: true, encoding: .utf8)
      let problems = [
        folder: "is a folder", "\(folder)/nowhere": "is not there", "a\0b": "is no path",
        large: "is larger than 1024 KiB",
      ]
      for (path, problem) in problems {
        let failure = #expect(throws: ProviderConfigurationFailure.self) {
          _ = try ProvidersConfiguration(contentsOf: path)
        }
        #expect(failure?.description == "\(path) \(problem)")
      }
    }
  }

  @Test func `a member that is there twice is named with its place`() async throws {
    try await withFile(#"{"providers": [{"id": "a", "api": "offline", "model": "m", "id": "b"}]}"#) { path in
      let failure = #expect(throws: ProviderConfigurationFailure.self) {
        _ = try ProvidersConfiguration(contentsOf: path)
      }
      #expect(failure?.description == "providers[0].id: is there twice: see line 1, column 60")
    }
  }

  @Test func `a budget without a price is refused with its field, in code as in a file`() async throws {
    let limits = ProviderLimits(budget: CostBudget(limit: 5))
    let price = ModelPrice(perMillionInput: 1, perMillionOutput: 1)
    let free = Provider("free", model: ScriptedModel.answering("yes"))
    for price in [nil, price] {
      let paid = Provider("paid", model: ScriptedModel.answering("yes"), limits: limits, price: price)
      do throws(ProviderConfigurationFailure) {
        _ = try Companion(providers: [free, paid], store: InMemoryStore(time: FakeClock()))
        #expect(price != nil)
      } catch {
        #expect(price == nil)
        #expect(error.field == "providers[1].limits.budget" && error.problem.contains("add price"))
      }
    }
  }

  @Test func `a field that is wrong is named with its provider`() async throws {
    try await withFile(
      """
      {"providers": [{"id": "a", "api": "offline", "model": "m"}, {"id": "b", "api": "offline"}]}
      """
    ) { path in
      let failure = #expect(throws: ProviderConfigurationFailure.self) {
        _ = try ProvidersConfiguration(contentsOf: path)
      }
      #expect(failure?.field == "providers[1].model")
    }
  }

  @Test func `a provider that cannot be made, or has no key, is named`() async throws {
    var configuration = ProvidersConfiguration(providers: [
      ProviderConfiguration(id: "a", api: .offline, model: "extractive"),
      ProviderConfiguration(id: "b", api: .custom, model: "mine"),
    ])
    let notMade = #expect(throws: ProviderConfigurationFailure.self) {
      _ = try Companion(providers: configuration, store: .inMemory)
    }
    #expect(notMade?.field == "providers[1].api")
    configuration.providers[1] = ProviderConfiguration(
      id: "b", api: .openAIChat, model: "m", apiKey: .environment("COMPANION_NO_SUCH_VARIABLE"))
    _ = try configuration.makeProviders()
    let noKey = await #expect(throws: ProviderConfigurationFailure.self) {
      try await configuration.checkSecrets()
    }
    #expect(noKey?.field == "providers[1].api_key")
    #expect(noKey?.problem.contains("COMPANION_NO_SUCH_VARIABLE") == true)
  }

  @Test(arguments: ["README.md", "Documentation/CompanionKit.docc/Providers.md"])
  func `the file that a guide shows makes two providers`(guide: String) async throws {
    let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let text = try String(contentsOf: root.appending(path: guide), encoding: .utf8)
    let block = try #require(text.split(separator: "```json\n").dropFirst().first)
    try await withFile(String(try #require(block.split(separator: "```").first))) { path in
      let providers = try ProvidersConfiguration(contentsOf: path).makeProviders()
      #expect(providers.map(\.id) == ["main", "backup"])
    }
  }

  private func withFile(_ text: String, _ body: (String) async throws -> Void) async throws {
    try await withFolder { folder in
      let path = "\(folder)/providers.json"
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      try await body(path)
    }
  }
}
