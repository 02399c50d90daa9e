import CompanionKit
import ExampleSupport
import Foundation

/// `companion-sim crash`: kills worker processes at chance moments, starts others, and checks every task that
/// was acknowledged against what became of it.
struct CrashCommand {
  /// The argument that asks for it.
  static let word = "crash"

  private enum Role {
    case help
    case parent(CrashOptions)
    case worker(CrashWorker)
  }

  private let role: Role

  /// Runs it, and says what is wrong with the arguments.
  ///
  /// - Returns: the status to exit with.
  static func run(_ arguments: [String]) async -> Int32 {
    do throws(UsageError) {
      let command = try CrashCommand(arguments: arguments)
      return await command.run()
    } catch {
      complain(error)
      return 2
    }
  }

  /// - Parameter arguments: what follows the word `crash`.
  /// - Throws: ``UsageError``.
  init(arguments: [String]) throws(UsageError) {
    if arguments.first == CrashWorker.word {
      role = .worker(try CrashWorker(arguments: Array(arguments.dropFirst())))
      return
    }
    let options = try CrashOptions(arguments)
    role = options.printsHelp ? .help : .parent(options)
  }

  /// - Returns: the status to exit with.
  func run() async -> Int32 {
    switch role {
    case .help:
      print(CrashOptions.help)
      return 0
    case .worker(let worker): return await worker.run()
    case .parent(let options):
      do {
        return try await Self.run(options)
      } catch {
        Self.complain(error)
        return error is UsageError ? 2 : 1
      }
    }
  }

  private static func complain(_ error: any Error) {
    let usage = (error as? UsageError)?.message
    let problem = usage.map { "\($0) companion-sim crash --help lists the options." } ?? "\(error)"
    FileHandle.standardError.write(Data("companion-sim: \(problem)\n".utf8))
  }

  private static func run(_ options: CrashOptions) async throws -> Int32 {
    let clock = ContinuousClock()
    let start = clock.now
    let file = try await CrashFile(options.path)
    let ledger = CrashLedger()
    let run = CrashRun(options: options, path: file.path, ledger: ledger)
    let outcome = await run()
    var verdict = CrashVerdict(options: options, outcome: outcome, ledger: ledger.contents)
    do throws(StoreFailure) {
      try await CrashAudit(path: file.path, ledger: ledger.contents).check(into: &verdict)
    } catch {
      verdict.flaws.append("The file cannot be read after the run. \(error)")
    }
    if verdict.isGood {
      file.removeIfTemporary()
    } else {
      verdict.notes.append("The file is kept: \(file.path)")
    }
    verdict.print(taking: clock.now - start)
    return verdict.isGood ? 0 : 1
  }
}
