/// What the engine itself says to a person about background work, in the language of their request.
public enum Announcement {
  /// Says that a message has become a task.
  public static func handOver(of task: GenerationTask) -> String {
    switch WrittenLanguage(of: task.request.instruction) {
    case .english:
      "I am working on this in the background and will tell you when it is done. (task \(task.id))"
    case .japanese: "バックグラウンドで取りかかります。終わったらお知らせします。(タスク \(task.id))"
    case .chinese: "我会在后台处理,完成后告诉你。(任务 \(task.id))"
    }
  }

  /// What follows a result that the model could not finish within its limit on tokens.
  public static func truncation(of task: GenerationTask) -> String {
    switch WrittenLanguage(of: task.request.instruction) {
    case .english: "\n\n[cut off here: the model reached its limit]"
    case .japanese: "\n\n[モデルの上限に達したため、ここで途切れています]"
    case .chinese: "\n\n[已达到模型的上限,内容在此中断]"
    }
  }

  /// Says that a task has failed, and why.
  public static func failure(of task: GenerationTask, _ failure: TaskFailure) -> String {
    switch WrittenLanguage(of: task.request.instruction) {
    case .english: "I could not finish task \(task.id). \(failure)"
    case .japanese: "タスク \(task.id) を終えられませんでした。\(failure)"
    case .chinese: "任务 \(task.id) 未能完成。\(failure)"
    }
  }
}

/// The language that a text seems to be written in, by its script.
public enum WrittenLanguage: Hashable, Sendable {
  case english, japanese, chinese

  /// Kana make a text Japanese; Han characters without kana make it Chinese; the rest counts as English.
  public init(of text: String) {
    var hasHan = false
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x3041...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9D:
        self = .japanese
        return
      case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: hasHan = true
      default: continue
      }
    }
    self = hasHan ? .chinese : .english
  }
}
