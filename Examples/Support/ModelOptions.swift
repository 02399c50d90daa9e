package import CompanionKit
import Foundation

/// The options that name who answers: one model, or the providers of a file.
package struct ModelOptions {
  private var model: String?
  private var api: ProviderAPI?
  private var baseURL: String?
  private var apiKeyVariable: String?
  private var configurationFile: String?

  /// The options, as every command takes them.
  package static let flags: [String: Arguments.Flag] = [
    "--model": .init(), "--api": .init(), "--base-url": .init(), "--api-key-env": .init(),
    "--config": .init(),
  ]

  /// What `--help` says of them.
  package static let help = """
      --model NAME|offline  the model; without it, offline, which needs nothing
      --api NAME            openai-chat, openai-responses or anthropic; without it, openai-chat
      --base-url URL        where the API is; without it, its public address
      --api-key-env VAR     the environment variable that holds the key
      --config FILE         several providers, as JSON, instead of --model
    """

  /// The offline model.
  package init() {}

  package init(_ arguments: Arguments) throws(UsageError) {
    (model, baseURL) = (arguments["--model"], arguments["--base-url"])
    (apiKeyVariable, configurationFile) = (arguments["--api-key-env"], arguments["--config"])
    let known: [ProviderAPI] = [.openAIChat, .openAIResponses, .anthropic, .offline]
    if let name = arguments["--api"] {
      api = known.first { $0.rawValue == name }
      guard api != nil else {
        throw UsageError("--api is one of \(known.map(\.rawValue).joined(separator: ", ")).")
      }
    }
    if model == "offline" { (model, api) = (nil, .offline) }
    let namesServer = baseURL != nil || apiKeyVariable != nil
    if configurationFile != nil, model != nil || api != nil || namesServer {
      throw UsageError("--config names the models: it goes without --model, --api and what belongs to them.")
    }
    if api == .offline, model != nil || namesServer {
      throw UsageError("The offline model goes without --model, --base-url and --api-key-env.")
    }
    if model == nil, namesServer || (api != nil && api != .offline) {
      throw UsageError("--api, --base-url and --api-key-env need --model NAME.")
    }
  }

  /// Whether the offline model answers.
  package var isOffline: Bool { model == nil && configurationFile == nil }

  /// The providers that are named, checked so that what is missing is told before anything is asked.
  package func providers() async throws -> ProvidersConfiguration {
    if let configurationFile { return try await .checked(contentsOf: configurationFile) }
    guard let model else {
      return ProvidersConfiguration(providers: [
        ProviderConfiguration(id: "offline", api: .offline, model: "extractive")
      ])
    }
    if let apiKeyVariable { try checkKey(in: apiKeyVariable) }
    if baseURL == nil, apiKeyVariable == nil {
      throw UsageError("The public address needs a key: name its variable with --api-key-env.")
    }
    guard let id = ProviderID(model) else { throw UsageError("--model needs a name without spaces.") }
    let configuration = ProvidersConfiguration(providers: [
      ProviderConfiguration(
        id: id, api: api ?? .openAIChat, model: model, baseURL: baseURL,
        apiKey: apiKeyVariable.map { .environment($0) })
    ])
    do throws(ProviderConfigurationFailure) {
      _ = try configuration.makeProviders()
      return configuration
    } catch {
      let isAddress = error.field.hasSuffix("base_url")
      throw UsageError(isAddress ? "--base-url needs an http or https address." : "\(error)")
    }
  }
}
