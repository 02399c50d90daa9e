import CompanionKit
import ExampleSupport
import Foundation

/// `memory-keeper`: forms the memory of conversations that are in a file.
@main
struct MemoryKeeperCommand: CommandLineProgram {
  static func main() async { await runCommandLine() }

  static func run(_ command: Command, _ options: Options) async throws -> Status {
    // What is missing, or cannot be read, is told before a store is made.
    let providers = try await options.models.providers()
    var feed: Feed?
    switch command {
    case .feed(let path): feed = try Feed(path, options, isGrowing: false)
    case .watch(let path, let once): feed = try Feed(path, options, isGrowing: !once)
    case .show, .recall, .forget, .export:
      guard FileManager.default.fileExists(atPath: options.store) else {
        throw FileProblem(file: options.store, problem: "there is no store; feed makes one")
      }
    }
    if let feed, !feed.mayBeStored { return .failed }
    return try await withStore(at: options.store) { store in
      let sharing = try await KeptSharing(store: store, workspace: options.workspace)
        .settle(options.sharing, at: SystemTimeSource.system.now)
      let keeper = Keeper(options: options, providers: providers, store: store, sharing: sharing)
      return try await run(command, keeper, feed)
    }
  }

  private static func run(_ command: Command, _ keeper: Keeper, _ feed: Feed?) async throws -> Status {
    switch command {
    case .feed:
      guard let feed else { return .failed }
      return try await untilInterrupted { try await FeedCommand(keeper: keeper).run(feed) }
    case .watch(_, let once):
      guard let feed else { return .failed }
      return try await untilInterrupted { try await WatchCommand(keeper: keeper, once: once).run(feed) }
    case .show(let selection): try await ShowCommand(keeper: keeper).run(selection)
    case .recall(let query, let selection, let budget):
      try await RecallCommand(keeper: keeper).run(query, selection, budget: budget)
    case .forget(let target): return try await ForgetCommand(keeper: keeper).run(target)
    case .export(let user):
      let companion = try keeper.makeCompanion()
      try await companion.exportMemory(of: user) { Terminal.pass($0) }
      Terminal.pass("\n")
      await companion.stop()
    }
    return .done
  }
}

extension Status {
  /// How a run ended.
  init(_ run: MemoryRun) { self = run.failures == 0 ? .done : .failed }
}
