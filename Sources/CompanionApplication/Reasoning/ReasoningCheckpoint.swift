import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// What a reasoning task needs to go on from where it was: above all the name of its job at a provider, which
/// is stored before the job is first asked after, so that it is never handed over twice.
struct ReasoningCheckpoint: Hashable, Codable {
  /// The provider that runs the job, or to which it is being handed over; `nil` while none does.
  var provider: ProviderID?
  /// The job; `nil` while nobody knows whether the provider has taken it.
  var job: ProviderJobID?
  /// When its hand-over began.
  var submittedAt: Timestamp?
  /// Which job it is, from 1: a job that has failed is followed by another.
  var submission = 1
  /// What there is of an answer that is not whole.
  var partial: String?
  /// How often the task had been taken back from the dead letters when its job was found to have ended for good;
  /// `nil` while it has not. Only somebody who takes it back once more wants another job.
  var endedAfter: Int?
  /// How many looks after the job in a row came to nothing that can be understood; `nil` for none.
  var unclearLooks: Int?

  init() {}

  /// The checkpoint of a reasoning task; `nil` where it has none.
  init?(of task: GenerationTask) {
    guard task.request.kind == .reasoning, let text = task.progress?.checkpoint,
      let checkpoint = try? JSONDecoder().decode(Self.self, from: Data(text.utf8))
    else { return nil }
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

  /// The checkpoint when the present job is over, and another one may be handed over.
  var next: ReasoningCheckpoint {
    var next = ReasoningCheckpoint()
    next.submission = submission + 1
    next.partial = partial
    return next
  }

  /// The job that may go on at a provider.
  var runningJob: (job: ProviderJobID, provider: ProviderID)? {
    guard let job, let provider, endedAfter == nil else { return nil }
    return (job, provider)
  }
}
