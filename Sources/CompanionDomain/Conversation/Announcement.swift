/// What the engine itself says to a person about background work, in the language of their request.
public enum Announcement {
  /// Says that a message has become a task.
  public static func handOver(of task: GenerationTask) -> String {
    switch language(of: task) {
    case .english:
      "I am working on this in the background and will tell you when it is done. (task \(task.id))"
    case .japanese: "バックグラウンドで取りかかります。終わったらお知らせします。(タスク \(task.id))"
    case .chinese: "我会在后台处理,完成后告诉你。(任务 \(task.id))"
    }
  }

  /// What follows a result that the model could not finish within its limit on tokens.
  public static func truncation(of task: GenerationTask) -> String {
    switch language(of: task) {
    case .english: "\n\n[cut off here: the model reached its limit]"
    case .japanese: "\n\n[モデルの上限に達したため、ここで途切れています]"
    case .chinese: "\n\n[已达到模型的上限,内容在此中断]"
    }
  }

  /// Says that a task has failed, and why.
  public static func failure(of task: GenerationTask, _ failure: TaskFailure) -> String {
    switch language(of: task) {
    case .english: "I could not finish task \(task.id). \(failure)"
    case .japanese: "タスク \(task.id) を終えられませんでした。\(failure)"
    case .chinese: "任务 \(task.id) 未能完成。\(failure)"
    }
  }

  /// The language of the person's words; of other payloads, that of whatever text is in them.
  private static func language(of task: GenerationTask) -> WrittenLanguage {
    let payload = task.request.payload
    let words: String? =
      task.request.kind == .conversation
      ? (try? payload.decode(ConversationTask.self))?.instruction : nil
    return WrittenLanguage(of: words ?? payload.json)
  }
}
