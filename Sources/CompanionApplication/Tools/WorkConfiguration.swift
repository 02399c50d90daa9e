/// How a background task that comes from a conversation is worked on: bounds for a model that calls tools.
public struct WorkConfiguration: Sendable {
  /// How often the model may call tools in one task. Then it has to say what it has come to. 1 to 1,000; what is
  /// beyond counts as that.
  public var maximumRounds = 30
  /// How many calls of one round are made; those beyond are answered without. 1 to 100.
  public var maximumCalls = 16
  /// The most bytes that a result may have; of a longer one, the beginning and the end are kept. At least 256.
  public var maximumResultBytes = 65_536
  /// The most tokens of one task, over all its calls of the model, as far as providers tell. Then it has to say what it
  /// has come to. `nil` for any number.
  public var maximumTokens: Int? = 500_000
  /// How long one call of a tool may take; then it is stopped, and the model is told. At least a second. A tool that
  /// has a limit of its own is to have a lower one: it knows what there is to tell of what it has done.
  public var callLimit = Duration.seconds(900)
  /// How long one attempt at a task may take, the waiting for permission and answers not counted; then it counts as
  /// hung. At least a second.
  public var attemptLimit = Duration.seconds(3600)
  /// How long a person has to allow a call. At least a second.
  public var approvalLifetime = Duration.seconds(86_400)
  /// Whether the task of a conversation may ask the person questions, by a tool of its own that the model is offered;
  /// `nil` for where the host has tools, too.
  public var mayAsk: Bool?
  /// How long a person has to answer a question. At least a second.
  public var answerLifetime = Duration.seconds(86_400)

  /// The defaults.
  public init() {}

  /// The configuration within the bounds that its properties name.
  var bounded: WorkConfiguration {
    var bounded = self
    bounded.maximumRounds = min(max(maximumRounds, 1), 1000)
    bounded.maximumCalls = min(max(maximumCalls, 1), 100)
    bounded.maximumResultBytes = max(maximumResultBytes, 256)
    bounded.callLimit = max(callLimit, .seconds(1))
    bounded.attemptLimit = max(attemptLimit, .seconds(1))
    bounded.approvalLifetime = max(approvalLifetime, .seconds(1))
    bounded.answerLifetime = max(answerLifetime, .seconds(1))
    return bounded
  }
}
