import CompanionKit
import ExampleSupport
import Foundation

/// `reasoning-jobs`: questions that take long thought, answered in the background.
@main
struct ReasoningJobsCommand {
  static func main() async {
    exit(await run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }

  private static func run(_ arguments: [String]) async -> Status {
    do {
      let options = try Options(arguments)
      guard let command = options.command else {
        Terminal.show(Options.help)
        return .done
      }
      let providers = try await options.providers()
      let path = try options.store ?? DataFolder.path(of: "jobs.db", in: "reasoning-jobs")
      return try await withStore(at: path) { store in try await run(command, providers, store) }
    } catch let error as UsageError {
      Terminal.complain("\(error.message) --help tells more.")
      return .misused
    } catch {
      Terminal.complain("\(error)")
      return Status(error)
    }
  }

  private static func run(
    _ command: Command, _ providers: ProvidersConfiguration, _ store: SQLiteStore
  ) async throws -> Status {
    var configuration = CompanionConfiguration()
    // After a crash nobody waits long for the dead worker.
    configuration.tasks.leaseLength = .seconds(6)
    let companion = try Companion(providers: providers, store: store, configuration: configuration)
    let commands = JobCommands(companion: companion)
    do {
      let status = try await commands.run(command)
      await companion.stop()
      return status
    } catch {
      await companion.stop()
      throw error
    }
  }
}

/// What the program says at its end.
enum Status: Int32 {
  case done = 0
  case failed = 1
  /// A job has failed, or was cancelled.
  case jobFailed = 2
  /// A job has not ended.
  case unfinished = 3
  case misused = 64
  case interrupted = 130
  case terminated = 143

  init(_ error: any Error) {
    self =
      switch error {
      case ReasoningJobFailure.failed, ReasoningJobFailure.cancelled: .jobFailed
      case ReasoningJobFailure.unfinished, ReasoningJobFailure.timedOut: .unfinished
      case ReasoningJobFailure.invalid: .misused
      default: .failed
      }
  }

  init(_ interruption: Terminal.Interruption) {
    self = interruption == .interrupted ? .interrupted : .terminated
  }

  /// The worse of two.
  func and(_ other: Status) -> Status { rawValue < other.rawValue ? other : self }
}
