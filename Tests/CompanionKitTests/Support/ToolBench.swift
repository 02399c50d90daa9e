import CompanionApplication
import CompanionKit
import CompanionTesting
import Foundation
import Synchronization

/// A tool that does what a test says, and remembers what it was called with.
final class BenchTool: Tool {
  let description: ToolDescription
  let effect: ToolEffect
  let isIdempotent: Bool
  private let action: @Sendable (JSONValue) async throws -> ToolOutput
  private let log = Mutex<[JSONValue]>([])

  init(
    _ name: String, effect: ToolEffect = .changesFiles, isIdempotent: Bool = false,
    _ action: @escaping @Sendable (JSONValue) async throws -> ToolOutput = { _ in ToolOutput("done") }
  ) {
    description = ToolDescription(name: name, summary: "For a test.", parameters: ["type": "object"])
    self.effect = effect
    self.isIdempotent = isIdempotent
    self.action = action
  }

  /// What it was called with, in order.
  var calls: [JSONValue] { log.withLock { $0 } }

  func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput {
    log.withLock { $0.append(arguments) }
    do {
      return try await action(arguments)
    } catch let failure as ToolFailure {
      throw failure
    } catch is CancellationError {
      throw .cancelled
    } catch {
      throw .system("\(error)")
    }
  }
}

/// A companion with tools, in a simulation.
struct ToolBench: Sendable {
  let simulator: Simulator
  let store: any CompanionStore
  let companion: Companion
  let model: ScriptedModel
  let events: RecordingEventSink
  let session = SessionID(bits: 1)

  @discardableResult
  static func run<Value: Sendable>(
    seed: UInt64 = 1, tools: [any Tool], approver: any Approver = .askBeforeChanges,
    rounds: @escaping @Sendable (Simulator, GenerationRequest, Int) -> [ModelStep],
    configure: @escaping @Sendable (inout CompanionConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (ToolBench) async throws -> Value
  ) throws -> Value {
    let simulator = Simulator(seed: seed)
    return try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let bench = ToolBench(
        simulator: simulator, store: store, tools: tools, approver: approver, rounds: rounds,
        configure: configure)
      bench.companion.start()
      try await bench.companion.startSession(bench.session)
      let value = try await body(bench)
      await bench.companion.stop()
      return value
    }
  }

  /// - Parameter rounds: the answer to a request of a task, by how many rounds of calls it has seen.
  init(
    simulator: Simulator, store: some CompanionStore, tools: [any Tool],
    approver: any Approver = .askBeforeChanges,
    rounds: @escaping @Sendable (Simulator, GenerationRequest, Int) -> [ModelStep],
    configure: (inout CompanionConfiguration) -> Void = { _ in }
  ) {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    configuration.memory.isAutomatic = false
    configuration.work.mayAsk = true
    configure(&configuration)
    self.simulator = simulator
    self.store = store
    events = RecordingEventSink()
    model = ScriptedModel { request in
      guard request.purpose == .task else { return ["yes"] }
      return rounds(simulator, request, request.messages.count { $0.calls.isEmpty == false })
    }
    companion = Companion(
      model: model, store: store, configuration: configuration, time: simulator.time,
      identifiers: simulator.identifiers, tools: tools, approver: approver, events: events)
  }

  /// Says something that becomes a task.
  func ask(_ text: String = "Summarise everything") async throws -> TaskID {
    let reply = try await companion.send(text, in: session)
    _ = try await reply.text()
    guard case .handedOver(let task) = reply.outcome else { throw BenchError(message: "no task: \(text)") }
    return task
  }

  /// The approvals, as soon as there are so many.
  func approvals(atLeast count: Int = 1) async throws -> [Approval] {
    while true {
      let open = try await companion.approvals()
      if open.count >= count { return open }
      _ = await events.first { $0.kind.typeName == "approval.requested" }
      try await simulator.time.sleep(for: .milliseconds(10), tolerance: nil)
    }
  }

  /// What a task has come to, when it has ended.
  func result(of task: TaskID) async throws -> String {
    for try await _ in companion.taskUpdates(of: task) {}
    return try await companion.taskResult(of: task).text
  }

  /// Every call that the store knows of, with its result.
  func calls(of task: TaskID) async throws -> [ToolRound.RecordedCall] {
    try await store.states(of: .task(task), .round, after: nil, limit: 1000)
      .flatMap { try JSONDecoder().decode(ToolRound.self, from: Data($0.json.utf8)).calls }
  }
}

struct BenchError: Error { var message: String }

extension PromptMessage {
  /// The calls of tools in it.
  var calls: [ToolCall] {
    parts.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
  }

  /// The last of its texts: of the last message of a prompt, what the person says.
  var words: String {
    guard case .text(let text) = parts.last else { return "" }
    return text
  }

  /// The results of tools in it.
  var results: [ToolResult] {
    parts.compactMap { if case .toolResult(let result) = $0 { result } else { nil } }
  }
}

extension [ModelStep] {
  /// An answer that calls tools.
  static func calling(_ calls: (name: String, arguments: String)...) -> [ModelStep] {
    calls.enumerated().map { index, call in
      ModelStep.toolCall(
        ToolCall(id: "call_\(index)", name: call.name, arguments: call.arguments), index: index)
    } + [.finish(.toolCalls)]
  }
}
