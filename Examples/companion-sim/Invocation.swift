import CompanionTesting
import ExampleSupport

/// What the command line asks for.
enum Invocation {
  case help
  case seeds(ClosedRange<UInt64>, [Simulation], printsJSON: Bool)
  case story(UInt64, [Simulation], printsJSON: Bool)

  init(_ arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    var seeds: ClosedRange<UInt64>?
    var tellsStory = false
    var printsJSON = false
    var profile: String?
    var flaw: Simulation?
    while let argument = rest.popFirst() {
      switch argument {
      case "--help", "-h":
        self = .help
        return
      case "--json": printsJSON = true
      case "--trace": tellsStory = true
      case "--seeds", "--seed":
        guard seeds == nil else { throw UsageError("Seeds are given twice. \(Self.usage)") }
        seeds = try Self.seeds(rest.popFirst(), after: argument)
      case "--plant": flaw = try Self.flaw(rest.popFirst())
      case "--profile":
        guard let name = rest.popFirst() else {
          throw UsageError("--profile needs a value: \(Self.profiles).")
        }
        profile = name
      default: throw UsageError("There is no \(argument). \(Self.usage)")
      }
    }
    guard let seeds else { throw UsageError("Which seeds? \(Self.usage)") }
    let simulations = try Self.simulations(of: profile, flaw)
    guard tellsStory else {
      self = .seeds(seeds, simulations, printsJSON: printsJSON)
      return
    }
    guard seeds.count == 1 else {
      throw UsageError("--trace tells the story of one seed: --seed N --trace.")
    }
    self = .story(seeds.lowerBound, simulations, printsJSON: printsJSON)
  }

  private static func seeds(
    _ value: String?, after option: String
  ) throws(UsageError) -> ClosedRange<UInt64> {
    let example = option == "--seed" ? "--seed 7" : "--seeds 1..1000"
    guard let value else { throw UsageError("\(option) needs a value, as in \(example).") }
    if let seed = UInt64(value) { return seed...seed }
    guard option == "--seeds", let dots = value.firstRange(of: ".."),
      let first = UInt64(value[..<dots.lowerBound]), let last = UInt64(value[dots.upperBound...])
    else { throw UsageError("\(value) is no value for \(option), as in \(example).") }
    guard first <= last else {
      throw UsageError("The seeds \(value) end before they begin: the lower one comes first.")
    }
    guard last - first < UInt64(Int32.max) else { throw UsageError("\(value) are too many seeds.") }
    return first...last
  }

  /// The simulation with a mistake of this name.
  private static func flaw(_ name: String?) throws(UsageError) -> Simulation {
    if let flaw = name.flatMap(PlantedFlaw.init(rawValue:)) { return .tasks(flaw) }
    if let flaw = name.flatMap(PlantedProviderFlaw.init(rawValue:)) { return .providers(flaw) }
    if let flaw = name.flatMap(PlantedMemoryFlaw.init(rawValue:)) { return .memory(flaw) }
    if let flaw = name.flatMap(PlantedEmbeddingFlaw.init(rawValue:)) { return .embedding(flaw) }
    if let flaw = name.flatMap(PlantedChatFlaw.init(rawValue:)) { return .chat(flaw) }
    let names =
      PlantedFlaw.allCases.map(\.rawValue) + PlantedProviderFlaw.allCases.map(\.rawValue)
      + PlantedMemoryFlaw.allCases.map(\.rawValue) + PlantedEmbeddingFlaw.allCases.map(\.rawValue)
      + PlantedChatFlaw.allCases.map(\.rawValue)
    throw UsageError("--plant needs one of \(names.joined(separator: ", ")).")
  }

  /// What a profile runs; without one, what the planted mistake belongs to, or tasks.
  private static func simulations(
    of profile: String?, _ flaw: Simulation?
  ) throws(UsageError) -> [Simulation] {
    let all: [Simulation]
    switch profile {
    case nil: return [flaw ?? .tasks(nil)]
    case "all": all = Simulation.all
    case let profile?:
      all = Simulation.all.filter { $0.profile == profile }
      guard !all.isEmpty else {
        throw UsageError("There is no profile \(profile); there are \(profiles).")
      }
    }
    guard let flaw else { return all }
    guard all.contains(where: { $0.profile == flaw.profile }) else {
      throw UsageError("That mistake is one of the profile \(flaw.profile).")
    }
    return [flaw]
  }

  private static let profiles = "tasks, providers, memory, embedding, chat and all"

  static let usage =
    "Usage: companion-sim --seeds A..B [--profile tasks|providers|memory|embedding|chat|all] [--json]; see --help."

  static let helpText = """
    companion-sim runs a companion's engines in simulated processes, on simulated time, while everything goes
    wrong that can, and checks what must hold. The same seed is the same run.

    companion-sim --seeds A..B [--profile tasks|providers|memory|embedding|chat|all] [--json]
        Runs the seeds from A to B, on all cores. A line for each violation names its seed and invariant; the
        last line is always of the form
            N seeds, V violations, H simulated hours, trace HASH
        and the hash is the same in every process of the same build.
    companion-sim --seed N --trace
        Tells what happens in one run, and the verdict.
    companion-sim crash --store sqlite --kills K
        Kills real processes, and checks that no task was lost or done twice; see crash --help.

    --profile  tasks: durable background tasks, the default. providers: chat, tasks and jobs by several
               providers that fail. memory: what is made of conversations, corrected and forgotten. embedding:
               what can be found gets its vectors. chat: conversations, tools and permissions. all: every profile
               there is, each seed in one after the other.
    --plant    makes a mistake on purpose, to be found. Queues are known for finish-without-fence,
               rescue-without-counting and acknowledge-before-commit; callers of providers for two-probes,
               ignore-retry-after, retry-same-provider, update-before-test, resubmit-after-restart, forget-rate,
               forget-concurrency, forget-budget, switch-midway, swallow-cancel, enter-twice,
               enter-only-successes, never-close, ignore-stop and forget-end; keepers of memories for lose-memory,
               lose-progress, overwrite, believe-quotes, forget-reminders, share-everything, ask-twice,
               forget-call-budget, forget-length, keep-derived, keep-progress, hide-corrections, never-expire,
               overlook-session and ignore-memory-stop; whoever embeds for ignore-hash, charge-outage,
               park-silently, forget-bisection, store-unchecked, embed-again, lose-retry, ignore-wait, block-head
               and ignore-embedding-stop; whoever lets people talk with a model for understand-twice, lose-result,
               leave-calls-open, repeat-calls, skip-approval, decide-twice, lose-answer, forget-prompt-limit,
               keep-undelivered, drop-delivered, ignore-chat-stop, forget-closing, forget-resume, keep-states,
               keep-words and skip-log-event.
    --json     a JSON object a line for each violation, and one for the sum, before the last line.

    It exits 0 when nothing was violated, 1 when something was, 2 when the arguments make no sense.
    """
}
