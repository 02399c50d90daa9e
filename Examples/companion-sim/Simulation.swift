import CompanionTesting

/// A profile, and a mistake to be made on purpose in it; `nil` for none.
enum Simulation: Sendable {
  case tasks(PlantedFlaw?)
  case providers(PlantedProviderFlaw?)
  case memory(PlantedMemoryFlaw?)
  case embedding(PlantedEmbeddingFlaw?)
  case chat(PlantedChatFlaw?)

  /// Every profile, without a mistake.
  static let all: [Simulation] = [.tasks(nil), .providers(nil), .memory(nil), .embedding(nil), .chat(nil)]

  /// The profile's name.
  var profile: String {
    switch self {
    case .tasks: "tasks"
    case .providers: "providers"
    case .memory: "memory"
    case .embedding: "embedding"
    case .chat: "chat"
    }
  }

  func run(seed: UInt64, tellsStory: Bool = false) -> SimulationReport {
    switch self {
    case .tasks(let flaw): TaskSimulation(seed: seed, flaw: flaw, tellsStory: tellsStory).run()
    case .providers(let flaw): ProviderSimulation(seed: seed, flaw: flaw, tellsStory: tellsStory).run()
    case .memory(let flaw): MemorySimulation(seed: seed, flaw: flaw, tellsStory: tellsStory).run()
    case .embedding(let flaw): EmbeddingSimulation(seed: seed, flaw: flaw, tellsStory: tellsStory).run()
    case .chat(let flaw): ChatSimulation(seed: seed, flaw: flaw, tellsStory: tellsStory).run()
    }
  }
}
