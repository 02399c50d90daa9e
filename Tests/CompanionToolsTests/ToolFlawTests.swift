import CompanionDomain
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@Suite struct `A tool that breaks a promise is found` {
  @Test func `one that keeps them all passes`() async throws {
    #expect(try await broken(by: Counter()).isEmpty)
  }

  @Test(arguments: ["", "two words", "naïve", String(repeating: "a", count: 65)])
  func `a name that models cannot call`(name: String) async throws {
    #expect(
      try await broken(by: Counter(name: name)) == [
        "A tool has a name that models can call, and says what it does"
      ])
  }

  @Test(
    arguments: [
      .null, ["type": "string"], ["type": "object", "properties": ["by": ["type": "whole"]]],
      ["type": "object", "properties": ["by": ["type": "integer"]]],
      [
        "type": "object", "properties": ["by": ["type": "integer", "description": "x"]], "required": ["to"],
      ],
    ] as [JSONValue])
  func `a schema that is none`(schema: JSONValue) async throws {
    let broken = try await broken(by: Counter(schema: schema))
    #expect(broken.contains("The parameters are the schema of an object, and describe each member"))
  }

  @Test func `one that passes over what it does not know`() async throws {
    #expect(try await broken(by: Counter(flaw: .takesUnknown)) == ["A member that nobody knows is refused"])
  }

  @Test func `one that takes what is no object, or nothing, or another type`() async throws {
    #expect(
      try await broken(by: Counter(flaw: .takesAnything)) == [
        "What is no object is refused", "A member that nobody knows is refused",
        "A member that is missing is refused", "A member of another type is refused",
      ])
  }

  @Test func `one that says more than it may`() async throws {
    #expect(
      try await broken(by: Counter(flaw: .saysTooMuch)).first
        == "A call as in the examples succeeds, within the bound of its output")
  }

  @Test func `one that says that it only reads`() async throws {
    #expect(
      try await broken(by: Counter(flaw: .claimsToRead)).contains("What only reads changes nothing"))
  }

  @Test func `one that says that it may be called twice`() async throws {
    #expect(
      try await broken(by: Counter(flaw: .claimsToBeIdempotent))
        == ["What is idempotent leaves the same after two calls as after one"])
  }

  @Test func `one that goes on when it is cancelled, or calls it something else`() async throws {
    let check = "A call that is cancelled beforehand ends, and changes nothing"
    #expect(try await broken(by: Counter(flaw: .ignoresCancellation)) == [check])
    #expect(try await broken(by: Counter(flaw: .renamesCancellation)).first == check)
  }

  @Test func `one whose summary hides something`() async throws {
    #expect(
      try await broken(by: Counter(flaw: .speaksLines))
        == ["The summary of any call is one short line, seen as it is"])
  }

  private func broken(by counter: Counter) async throws -> [String] {
    let simulator = Simulator(seed: 1)
    return try simulator.run {
      do {
        let subject = ToolUnderTest(
          counter, examples: [["by": 2]], outputLimit: 1_000, prepare: { counter.reset() },
          describeWorld: { "\(counter.value)" })
        try await ToolConformance.run(on: subject, measuredBy: simulator.time)
        return []
      } catch let report as ConformanceReport { return report.failures.map(\.check) }
    }
  }
}

/// A tool that counts, and keeps every promise but the one that it is told to break.
private final class Counter: Tool {
  enum Flaw {
    case takesUnknown, takesAnything, saysTooMuch, claimsToRead, claimsToBeIdempotent, ignoresCancellation
    case renamesCancellation, speaksLines
  }

  static let schema: JSONValue = [
    "type": "object", "properties": ["by": ["type": "integer", "description": "How many"]],
    "required": ["by"],
  ]

  let description: ToolDescription
  private let flaw: Flaw?
  private let count = Mutex(0)

  init(name: String = "count", schema: JSONValue = Counter.schema, flaw: Flaw? = nil) {
    description = ToolDescription(name: name, summary: "Counts.", parameters: schema)
    self.flaw = flaw
  }

  var value: Int { count.withLock { $0 } }
  func reset() { count.withLock { $0 = 0 } }

  var effect: ToolEffect { flaw == .claimsToRead ? .readsOnly : .actsElsewhere }
  var isIdempotent: Bool { flaw == .claimsToBeIdempotent }

  func summary(of arguments: JSONValue) -> String { flaw == .speaksLines ? "count\nnothing" : "count" }

  func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput {
    if Task.isCancelled, flaw != .ignoresCancellation {
      throw flaw == .renamesCancellation ? .system("stopped") : .cancelled
    }
    var step = 1
    if flaw != .takesAnything {
      var names = ["by"]
      if flaw == .takesUnknown, case .object(let members) = arguments { names += members.keys }
      let read = try ToolArguments(arguments, names: names)
      guard let by = try read.optionalInteger("by", in: 1...9) else {
        throw .invalidArguments("“by” is missing.")
      }
      step = by
    }
    let value = count.withLock { count in
      count += step
      return count
    }
    return ToolOutput(flaw == .saysTooMuch ? String(repeating: "x", count: 2_000) : "\(value)")
  }
}
