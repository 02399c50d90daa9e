public import CompanionDomain
public import CompanionPorts

/// A tool, and what a suite has to know to check it.
public struct ToolUnderTest: Sendable {
  /// The tool.
  public let tool: any Tool
  /// Arguments of calls that succeed, in this order and each of them again and again, unless the tool changes
  /// something: then each is called once, or twice where the tool says that this is the same.
  public let examples: [JSONValue]
  /// The most bytes of what one call brings.
  public let outputLimit: Int
  /// Brings the world to the state in which the examples succeed.
  public let prepare: @Sendable () async throws -> Void
  /// Describes all of the world that the tool could change.
  public let describeWorld: @Sendable () async throws -> String

  /// A tool to check.
  public init(
    _ tool: any Tool, examples: [JSONValue], outputLimit: Int = 64 << 10,
    prepare: @escaping @Sendable () async throws -> Void = {},
    describeWorld: @escaping @Sendable () async throws -> String = { "" }
  ) {
    self.tool = tool
    self.examples = examples
    self.outputLimit = outputLimit
    self.prepare = prepare
    self.describeWorld = describeWorld
  }
}

/// What every `Tool` promises, for those who write their own.
///
/// The checks call the tool: with its examples, and with arguments that it has to refuse.
public enum ToolConformance {
  /// All promises.
  public static let checks: [ConformanceCheck<ToolUnderTest>] = [
    ConformanceCheck("A tool has a name that models can call, and says what it does") { try isNamed($0) },
    ConformanceCheck("The parameters are the schema of an object, and describe each member") {
      try hasASchema($0)
    },
    ConformanceCheck("A call as in the examples succeeds, within the bound of its output") {
      try await succeeds($0)
    },
    ConformanceCheck("What is no object is refused") { try await refusesOtherThanObjects($0) },
    ConformanceCheck("A member that nobody knows is refused") { try await refusesUnknownMembers($0) },
    ConformanceCheck("A member that is missing is refused") { try await refusesMissingMembers($0) },
    ConformanceCheck("A member of another type is refused") { try await refusesOtherTypes($0) },
    ConformanceCheck("Any text whatever is answered, within the bound of its output") {
      try await survivesAnyText($0)
    },
    ConformanceCheck("The summary of any call is one short line, seen as it is") {
      try await summarizesAnything($0)
    },
    ConformanceCheck("What only reads changes nothing") { try await changesNothingByReading($0) },
    ConformanceCheck("What is idempotent leaves the same after two calls as after one") {
      try await isIdempotentAsItSays($0)
    },
    ConformanceCheck("A call that is cancelled beforehand ends, and changes nothing") {
      try await endsWhenCancelledBeforehand($0)
    },
    ConformanceCheck("A call that is cancelled midway ends") { try await endsWhenCancelledMidway($0) },
    ConformanceCheck("Every call that a model writes has one answer") { try await answersAnything($0) },
    ConformanceCheck("Many calls go on at once") { try await callsConcurrently($0) },
  ]

  /// Checks all promises, one after another.
  ///
  /// - Parameters:
  ///   - subject: the tool.
  ///   - limit: how long each check may take.
  ///   - time: measures the limit. It has to go on by itself: a real clock, or a simulator's.
  /// - Throws: ``ConformanceReport`` with every broken promise.
  public static func run(
    on subject: ToolUnderTest, within limit: Duration = .seconds(60), measuredBy time: any TimeSource
  ) async throws {
    try await ConformanceCheck.run(checks, on: subject, within: limit, measuredBy: time)
  }
}
