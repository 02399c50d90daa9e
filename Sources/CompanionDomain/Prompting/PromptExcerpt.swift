/// A text that is brought into a prompt from elsewhere: a memory, a file, the state of a task.
///
/// A model is shown it as material, with its source, between marks that it cannot forge.
public struct PromptExcerpt: Hashable, Sendable {
  /// Where it comes from, in a few words, such as `memory, 2026-03-01` or `notes/plan.md`.
  public var source: String
  /// What it says.
  public var text: String

  /// An excerpt of these parts.
  public init(source: String, text: String) {
    self.source = source
    self.text = text
  }
}

extension PromptExcerpt {
  /// Something that was found again.
  ///
  /// - Parameter calendar: in which its day is told.
  public init(_ found: Recollection, in calendar: MemoryCalendar) {
    let day = calendar.day(of: found.time)
    let origin =
      switch found.source {
      case .message: found.speaker.map { "said by \($0)" } ?? "said by you"
      case .memory(let key): "memory of \(key.scope)"
      case .fact: "known since"
      case .document(let id): "document \(id)"
      }
    self.init(source: "\(origin), \(day)", text: found.text)
  }

  /// How a background task stands.
  ///
  /// - Parameter approval: what it waits for, where that is known: the call that somebody is to allow.
  public init(_ task: GenerationTask, waitingFor approval: Approval? = nil) {
    var lines: [String] = []
    if task.request.kind == .conversation,
      let work = try? task.request.payload.decode(ConversationTask.self)
    {
      lines.append(work.instruction)
    }
    if let progress = task.progress { lines.append(progress.line) }
    if case .waiting(let wait) = task.state { lines.append(wait.reason.line(approval)) }
    self.init(source: "task \(task.id), \(task.state.name.rawValue)", text: lines.joined(separator: "\n"))
  }
}

extension TaskProgress {
  fileprivate var line: String {
    let part = fraction.map { "\(Int(($0 * 100).rounded())) % done" }
    return [part, note].compactMap(\.self).joined(separator: ", ")
  }
}

extension WaitReason {
  fileprivate func line(_ approval: Approval?) -> String {
    switch self {
    case .approval(let name):
      "waits for permission: " + (approval?.summary ?? name).visible(limit: Self.longestLine)
    case .answer(let question):
      "asks, and waits for the answer: " + question.visible(limit: Self.longestLine)
    case .providerJob, .provider: "waits for the model"
    }
  }

  /// The most characters that are told of what is waited for.
  private static var longestLine: Int { 500 }
}
