import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// What a reasoning task needs to go on from where it was: above all the name of its job at a provider, which
/// is stored before the job is first asked after, so that it is never handed over twice.
struct ReasoningCheckpoint: Hashable, Codable {
  /// The provider that runs the job; `nil` while none does.
  var provider: ProviderID?
  /// The job.
  var job: ProviderJobID?
  /// When it was handed over.
  var submittedAt: Timestamp?
  /// Which job it is, from 1: a job that has failed is followed by another.
  var submission = 1
  /// What there is of an answer that is not whole.
  var partial: String?

  init() {}

  /// The checkpoint of a task; `nil` where it has none.
  init?(of task: GenerationTask) {
    guard let text = task.progress?.checkpoint else { return nil }
    guard let checkpoint = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
    self = checkpoint
  }

  /// The checkpoint as it is stored.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    // Texts, numbers and names can always be written.
    guard let data = try? encoder.encode(self) else { return "{}" }
    return String(decoding: data, as: UTF8.self)
  }

  /// The input that tells a task to take its job from a provider.
  static func leaves(_ provider: ProviderID) -> String { "leave provider \(provider.rawValue)" }
}
