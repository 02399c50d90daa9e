import CompanionKit

/// What a worker tells of, one a line. A line is written whole or not at all, whenever the worker is killed.
enum WorkerLine {
  /// A task was acknowledged, under a key where it has one.
  case acknowledged(TaskID, key: String?)
  /// The worker was told that its outcome of a task was accepted, under this lease.
  case completed(TaskID, LeaseNumber)
  /// The store was busy, or slow; nothing was promised.
  case busy
  /// Something that does not happen to a healthy store.
  case flaw(String)

  var text: String {
    switch self {
    case .acknowledged(let id, let key): "acknowledged \(id) \(key ?? "-")\n"
    case .completed(let id, let lease): "completed \(id) \(lease.rawValue)\n"
    case .busy: "busy\n"
    case .flaw(let what): "flaw \(String(what.prefix(1000)).replacing("\n", with: " "))\n"
    }
  }

  init?(_ line: String) {
    let words = line.split(separator: " ", maxSplits: 1).map(String.init)
    let rest = words.dropFirst().first?.split(separator: " ").map(String.init) ?? []
    switch words.first {
    case "acknowledged":
      guard rest.count == 2, let id = TaskID(rest[0]) else { return nil }
      self = .acknowledged(id, key: rest[1] == "-" ? nil : rest[1])
    case "completed":
      guard rest.count == 2, let id = TaskID(rest[0]), let lease = Int64(rest[1]) else { return nil }
      self = .completed(id, LeaseNumber(rawValue: lease))
    case "busy": self = .busy
    case "flaw": self = .flaw(words.count > 1 ? words[1] : "")
    default: return nil
    }
  }

  /// What a failure is in a run in which nothing but processes fails.
  init(_ failure: StoreFailure) {
    switch failure {
    case .busy, .timedOut: self = .busy
    default: self = .flaw(failure.description)
    }
  }
}
