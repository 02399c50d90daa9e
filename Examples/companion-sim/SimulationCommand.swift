import CompanionTesting
import ExampleSupport
import Foundation

/// `companion-sim`: runs simulations of many seeds, or tells the story of one; `companion-sim crash` kills real
/// processes.
@main
struct SimulationCommand {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == CrashCommand.word {
      exit(await CrashCommand.run(Array(arguments.dropFirst())))
    }
    simulate(arguments)
  }

  private static func simulate(_ arguments: [String]) {
    do throws(UsageError) {
      switch try Invocation(arguments) {
      case .help: print(Invocation.helpText)
      case .seeds(let seeds, let simulations, let printsJSON):
        exit(SeedRun(seeds: seeds, simulations: simulations, printsJSON: printsJSON)() ? 0 : 1)
      case .story(let seed, let simulations, let printsJSON):
        exit(tellStory(of: seed, simulations, printsJSON: printsJSON) ? 0 : 1)
      }
    } catch {
      FileHandle.standardError.write(Data("companion-sim: \(error.message)\n".utf8))
      exit(2)
    }
  }

  /// - Returns: whether all was well.
  private static func tellStory(of seed: UInt64, _ simulations: [Simulation], printsJSON: Bool) -> Bool {
    let reports = simulations.map { $0.run(seed: seed, tellsStory: true) }
    for line in reports.flatMap(\.story) { print(line) }
    var summary = SimulationSummary()
    summary.add(reports)
    let violations = reports.flatMap(\.violations)
    for violation in violations { print(Output.line(for: violation, seed: seed, asJSON: printsJSON)) }
    if violations.isEmpty { print("seed \(seed): nothing was violated") }
    print(summary)
    return violations.isEmpty
  }
}
