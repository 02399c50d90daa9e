import CompanionKit
import ExampleSupport

/// What the commands share.
struct Keeper: Sendable {
  let options: Options
  let providers: ProvidersConfiguration
  let store: SQLiteStore
  /// Which channels are shared, by the command line or as the store keeps it.
  let sharing: ChannelSharing

  /// A companion that forms memory as the command line says.
  ///
  /// - Parameter isAutomatic: whether it does so by itself while it runs.
  func makeCompanion(isAutomatic: Bool = false, events: (any EventSink)? = nil) throws -> Companion {
    var configuration = CompanionConfiguration()
    configuration.memory.isAutomatic = isAutomatic
    configuration.memory.sharing = sharing
    configuration.memory.calendar.timeZone = options.timeZone
    configuration.memory.growth = options.growth
    configuration.memory.debounce = options.pause
    // Who presses Ctrl-C wants the prompt back: what a call would have given, the next run asks for again.
    configuration.memory.stopGrace = .seconds(1)
    if options.models.isOffline || options.callBudget != nil {
      configuration.memory.callBudget = options.callBudget ?? .max
      configuration.memory.tokenBudget = .max
    }
    return try Companion(providers: providers, store: store, configuration: configuration, events: events)
  }

  /// Tells of channels that are to be shared, or private, and that there are none of: a name may be misspelt.
  func tellUnknownChannels() async throws(StoreFailure) {
    let named: Set<ChannelID> =
      switch sharing {
      case .only(let channels), .allExcept(let channels): channels
      default: []
      }
    guard !named.isEmpty else { return }
    for channel in named.subtracting(try await sessions().map(\.place.channel)).sorted() {
      Terminal.complain(
        "no channel is named \(channel): --share and --private name channels as the file does")
    }
  }

  /// The conversations of the workspace, by their names.
  func sessions(matching filter: SessionFilter? = nil) async throws(StoreFailure) -> [ChatSession] {
    try await store.allSessions(matching: filter ?? SessionFilter(workspace: options.workspace))
  }
}

extension MemoryRun {
  /// What it has done, and what it has cost, on one line.
  var summary: String {
    var done = [
      "\(counted(messages, "message", "messages")) read",
      counted(memories.count, "memory stored", "memories stored"),
      counted(facts, "fact stored", "facts stored"),
    ]
    if supersededFacts > 0 { done.append("\(supersededFacts) superseded") }
    if expired > 0 { done.append("\(expired) over") }
    var cost = [counted(calls, "call", "calls")]
    if calls > 0 { cost.append("\(inputTokens) tokens in, \(outputTokens) out") }
    let isNew = messages + memories.count + facts + supersededFacts + expired + calls > 0
    return
      "\(isNew ? done.joined(separator: ", ") : "nothing is new"); \(cost.joined(separator: ", ")), \(duration.inSeconds)"
  }
}

/// Tells what goes wrong while memory is formed.
struct FailureTeller: EventSink {
  func emit(_ event: CompanionEvent) {
    switch event.kind {
    case .memoryPassFailed(_, let scope, let failure): Terminal.complain("\(scope.name): \(failure)")
    case .memorySkipped(_, let scope, let messages, let failure):
      Terminal.complain(
        "\(scope.name): \(counted(messages, "message was", "messages were")) left out: \(failure)")
    case .serviceFailed(let service, let failure): Terminal.complain("\(service): \(failure)")
    case .ledgerEntriesLost(let count):
      Terminal.complain("\(counted(count, "entry", "entries")) of the ledger could not be stored")
    case .callWaits(let provider, let until, let reason):
      Terminal.tell("Waiting for \(provider)\(until.map { " until \($0)" } ?? ""): \(reason)")
    default: break
    }
  }
}
