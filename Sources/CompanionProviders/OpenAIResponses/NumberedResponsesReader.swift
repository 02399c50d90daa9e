import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// Reads the stream of a job: every event is a step, whether it says something of the answer or not.
struct NumberedResponsesReader: AnswerReader {
  private var job: ProviderJobID?
  private var reader = ResponsesAnswerReader(countsCalls: false)

  /// - Parameter job: `nil` where the stream itself is to name it.
  init(job: ProviderJobID?) { self.job = job }

  /// Only its last event completes a job.
  var isComplete: Bool { false }

  mutating func take(
    _ event: ServerSentEvent, _ context: ResponseContext
  ) throws(ProviderFailure) -> AnswerStep<NumberedGenerationStream.Step> {
    guard let event = try context.responsesEvent(event) else { return .more([]) }
    if job == nil, let response = event.response { job = try response.jobID(context) }
    switch try reader.take(event, context) {
    case .more(let events): return .more([try step(event, events, context)])
    case .last(let events): return .last([try step(event, events + reader.closingEvents(), context)])
    }
  }

  mutating func takeWhole(
    _ data: Data, _ context: ResponseContext
  ) throws(ProviderFailure) -> [NumberedGenerationStream.Step] {
    _ = try context.response(data)
    throw context.malformed("the provider does not stream the job")
  }

  /// The last step has them.
  func closingEvents() -> [NumberedGenerationStream.Step] { [] }

  private func step(
    _ event: ResponsesEvent, _ events: [GenerationEvent], _ context: ResponseContext
  ) throws(ProviderFailure) -> NumberedGenerationStream.Step {
    guard let job else { throw context.malformed("the job begins without its name") }
    guard let number = event.number else {
      throw context.malformed("a part of the answer has no number")
    }
    return NumberedGenerationStream.Step(job: job, number: number, events: events)
  }
}
