import CompanionKit
import ExampleSupport
import Synchronization

/// Where background tasks stand, and what they have brought back that nobody has been shown yet.
final class TaskBoard: EventSink {
  /// What a person is to read.
  enum News {
    case result(String)
    case permission(Approval)
    case question(TaskQuestion)

    var text: String {
      switch self {
      case .result(let text): text
      case .permission(let approval): ApprovalCommands.question(approval)
      case .question(let question): QuestionCommands.line(question)
      }
    }

    /// What a person is asked by it; `nil` for nothing.
    var asked: Asked? {
      switch self {
      case .result: nil
      case .permission(let approval): .permission(approval.id)
      case .question(let question): .question(question)
      }
    }
  }

  /// What a person can be asked.
  enum Asked: Hashable {
    case permission(ApprovalID)
    case question(TaskQuestion)
  }

  fileprivate struct State {
    var progress: [TaskID: String] = [:]
    /// What is asked for, of tasks that wait for a person.
    var asked: [TaskID: String] = [:]
    var news: [News] = []
    /// What a person had been asked before the line was written that is carried out, or comes next.
    var read: Set<Asked> = []
    /// What else a person has been asked: lines that are there already were written before.
    var shown: Set<Asked> = []
    /// Whether the next line is waited for, and none is being carried out.
    var isWaiting = false
  }

  private let state = Mutex(State())

  func emit(_ event: CompanionEvent) {
    guard let task = event.task else { return }
    switch event.kind {
    case .task(let kind, let value): take(kind, of: task, value)
    case .approvalRequested(let approval):
      state.withLock { state in
        state.asked[task] = "may it \(approval.summary.singleLine)?"
        state.news.append(.permission(approval))
      }
    case .approvalDecided: state.withLock { $0.asked[task] = nil }
    default: return
    }
  }

  private func take(_ kind: TaskEvent.Kind, of task: TaskID, _ value: GenerationTask) {
    state.withLock { state in
      switch kind {
      case .created, .released, .requeued: state.progress[task] = "queued"
      case .woken:
        state.progress[task] = "queued"
        state.asked[task] = nil
      case .started:
        state.progress[task] = "working"
        state.asked[task] = nil
      case .progressed(let progress): state.progress[task] = progress.note ?? "working"
      case .waiting:
        state.progress[task] = "waiting"
        guard let question = TaskQuestion(of: value) else { break }
        state.asked[task] = "asks: \(question.text.singleLine)"
        state.news.append(.question(question))
      case .retried: state.progress[task] = "will be tried again"
      case .cancelRequested: state.progress[task] = "stopping"
      case .completed:
        if case .completed(let result) = value.state { state.end(task, "[task \(task)]\n\(result.text)") }
      case .deadLettered(let failure): state.end(task, "[task \(task) failed] \(failure)")
      case .cancelled: state.end(task, "[task \(task) cancelled]")
      case .leftToPerson: break
      }
    }
  }

  /// The results, and what is asked for, that have not been taken yet.
  func takeNews() -> [News] {
    state.withLock { state in
      defer { state.news = [] }
      return state.news
    }
  }

  /// Notes what a person has been asked: the lines that are written from now on can answer it.
  func noteShown(_ asked: some Sequence<Asked>) {
    state.withLock { state in
      state.shown.formUnion(asked)
      if state.isWaiting { state.noteRead() }
    }
  }

  /// The next line is waited for.
  func waitForLine() {
    state.withLock { state in
      state.isWaiting = true
      state.noteRead()
    }
  }

  /// There is a line. Until the next one is waited for, it is carried out, and answers nothing that is asked meanwhile.
  func takeLine() { state.withLock { $0.isWaiting = false } }

  /// Whether a person had been asked that before the line was written that is carried out.
  func isRead(_ asked: Asked) -> Bool { state.withLock { $0.read.contains(asked) } }

  /// One line on what goes on; `nil` when there is nothing to say.
  var summary: String? {
    let (progress, news) = state.withLock { state in
      (state.progress.merging(state.asked) { _, asked in asked }, state.news.count)
    }
    var parts = progress.sorted { $0.key < $1.key }.map { "task …\($0.key.rawValue.suffix(6)): \($0.value)" }
    if news > 0 {
      parts.append("there \(news == 1 ? "is something" : "are \(news) things") to read: press Enter")
    }
    return parts.isEmpty ? nil : parts.joined(separator: "   ")
  }
}

extension TaskBoard.State {
  /// Takes what was shown for read, unless whoever is to read it has written more before.
  fileprivate mutating func noteRead() {
    guard !Input.isLineThere() else { return }
    read.formUnion(shown)
    shown = []
  }

  fileprivate mutating func end(_ task: TaskID, _ result: String) {
    progress[task] = nil
    asked[task] = nil
    news.append(.result(result))
  }
}
