import CompanionKit
import ExampleSupport
import Foundation

/// What answers, as the command line has it.
enum ModelChoice {
  case one(any LanguageModel)
  case several(ProvidersConfiguration)

  /// Reads and checks what is named, so that what is missing is told before the first message.
  init(_ options: Options) async throws {
    if let path = options.configurationFile {
      self = .several(try await .checked(contentsOf: path))
    } else if let name = options.model {
      self = .one(try Self.remoteModel(name, options))
    } else {
      self = .one(.offline)
    }
  }

  func makeCompanion(
    images: FolderImageStorage?, store: some CompanionStore, workspace: Workspace?, events: some EventSink
  ) throws -> Companion {
    let tools = workspace?.tools ?? []
    let approver = workspace?.approver ?? .askBeforeChanges
    switch self {
    case .one(let model):
      return Companion(
        model: model, store: store, tools: tools, approver: approver, files: workspace?.files, events: events)
    case .several(let providers):
      return try Companion(
        providers: providers, images: images, store: store, tools: tools, approver: approver,
        files: workspace?.files, events: events)
    }
  }

  private static func remoteModel(_ name: String, _ options: Options) throws -> OpenAICompatibleModel {
    if let variable = options.apiKeyVariable { try checkKey(in: variable) }
    guard let standard = URL(string: "https://api.openai.com/v1") else { throw UsageError("No base URL.") }
    if options.baseURL == nil, options.apiKeyVariable == nil {
      throw UsageError("--model \(name) at \(standard) needs a key: name its variable with --api-key-env.")
    }
    return .openAICompatible(
      name, at: options.baseURL ?? standard, apiKey: options.apiKeyVariable.map { .environment($0) })
  }
}
