import CompanionKit
import ExampleSupport

/// The commands about background tasks, as text.
struct TaskCommands {
  let companion: Companion

  func list() async throws -> String {
    let tasks = try await companion.tasks()
    guard !tasks.isEmpty else { return "There are no tasks." }
    let lines = tasks.map { "\($0.id)  \(label(of: $0))  \(words(of: $0))" }
    return (lines + (tasks.count == 20 ? ["These are the newest 20."] : [])).joined(separator: "\n")
  }

  func dead() async throws -> String {
    let tasks = try await companion.tasks(in: [.deadLettered])
    guard !tasks.isEmpty else { return "There are no dead letters." }
    return tasks.map { task in
      guard case .deadLettered(let letter) = task.state else { return "\(task.id)" }
      let mark = letter.needsPerson ? "\n    It was reviewed, and needs you: /retry takes it back." : ""
      return "\(task.id)  \(letter.failedAt)  \(words(of: task))\n    \(letter.failure)\(mark)"
    }.joined(separator: "\n")
  }

  func story(of ending: String) async throws -> String {
    let task = try await find(ending)
    let status = try await companion.taskStatus(of: task.id)
    let history = try await companion.taskHistory(of: task.id)
    var lines = [
      "task      \(task.id)",
      "kind      \(task.request.kind)",
      "wanted    \(words(of: task))",
      "state     \(label(of: status.task).trimmed), \(seconds(status.elapsed))",
    ]
    if let note = status.progress?.note { lines.append("progress  \(note.singleLine)") }
    let cost = try await companion.taskCost(of: task.id)
    if let used = cost.used { lines.append("tokens    \(used.input) in, \(used.output) out") }
    if !cost.costs.isEmpty || cost.callsOfUnknownCost > 0 {
      lines.append("cost      \(sum(cost.costs, isWhole: cost.callsOfUnknownCost == 0))")
    }
    lines += history.map { "\($0.number)  \($0.time)  \(line(for: $0.kind).singleLine)" }
    if case .completed(let result) = status.task.state { lines.append(result.text) }
    return lines.joined(separator: "\n")
  }

  func cancel(_ ending: String) async throws -> String {
    let task = try await find(ending)
    return switch try await companion.cancelTask(task.id, reason: "The person cancelled it.") {
    case .cancelled: "Task \(task.id) is cancelled."
    case .requested: "Task \(task.id) has been asked to stop."
    case .alreadyEnded(let state): "Task \(task.id) had ended already: \(state.rawValue)."
    }
  }

  func retry(_ ending: String) async throws -> String {
    let task = try await find(ending)
    let start = try await companion.retryTask(task.id, reason: "The person asked for it.", delay: .zero)
    return "Task \(task.id) is tried again\(start.map { " from \($0)" } ?? "")."
  }

  /// The task whose ID ends so.
  private func find(_ ending: String) async throws -> GenerationTask {
    if let id = TaskID(ending), let status = try? await companion.taskStatus(of: id) { return status.task }
    let matches = try await companion.tasks(limit: 1000).filter { $0.id.rawValue.hasSuffix(ending) }
    guard let task = matches.first else {
      throw UsageError("No task's ID ends in \(ending). /tasks lists them.")
    }
    guard matches.count == 1 else {
      let names = matches.prefix(5).map(\.id.rawValue).joined(separator: ", ")
      throw UsageError(
        "\(matches.count) tasks have an ID that ends in \(ending): \(names)\(matches.count > 5 ? ", …" : ""). "
          + "Give more of it.")
    }
    return task
  }

  private func label(of task: GenerationTask) -> String {
    switch task.state {
    case .queued: task.failedAttempts > 0 ? "retrying " : "queued   "
    case .running: task.cancelRequest == nil ? "running  " : "stopping "
    case .waiting: "waiting  "
    case .completed: "done     "
    case .cancelled: "cancelled"
    case .deadLettered: "failed   "
    }
  }

  /// What is wanted, in the person's words; of other kinds, the payload.
  private func words(of task: GenerationTask) -> String {
    let conversation: ConversationTask? = try? task.request.payload.decode()
    let text = conversation?.instruction ?? task.request.payload.json
    let line = text.singleLine
    return line.count > 60 ? "\(line.prefix(59))…" : line
  }

  private func line(for kind: TaskEvent.Kind) -> String {
    switch kind {
    case .created: "created"
    case .started(let start):
      "started, attempt \(start.attempt)" + (start.rescues > 0 ? " after \(start.rescues) dead workers" : "")
    case .progressed(let progress): "progress: \(progress.note ?? progress.fraction.map { "\($0)" } ?? "")"
    case .waiting(let wait): words(for: wait.reason) + (wait.until.map { " until \($0)" } ?? "")
    case .woken: "goes on"
    case .completed: "done"
    case .retried(let failure, let notBefore):
      "failed\(failure.isAmbiguous ? " (it may have been billed)" : ""), next try from \(notBefore): \(failure)"
    case .released: "given back"
    case .cancelRequested(let reason): "asked to stop: \(reason)"
    case .cancelled(let reason): "cancelled: \(reason)"
    case .deadLettered(let failure): "failed for good: \(failure)"
    case .leftToPerson: "reviewed: needs a person"
    case .requeued(let reason, let notBefore): "taken back, from \(notBefore): \(reason)"
    }
  }

  private func words(for reason: WaitReason) -> String {
    switch reason {
    case .approval(let name): "waits for permission (\(name))"
    case .answer(let question): "asks “\(question)”, and waits for the answer"
    case .providerJob(let job): "waits for the job \(job)"
    case .provider(let why): "waits for a provider: \(why)"
    @unknown default: "waits"
    }
  }

  private func seconds(_ duration: Duration) -> String {
    let tenths = duration.components.seconds * 10 + duration.components.attoseconds / 100_000_000_000_000_000
    return "\(tenths / 10).\(tenths % 10) s"
  }
}

extension String {
  fileprivate var trimmed: String { split(separator: " ").joined(separator: " ") }
}
