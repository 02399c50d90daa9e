import CompanionApplication
import CompanionDomain
import CompanionPorts

extension ToolConformance {
  static func succeeds(_ subject: ToolUnderTest) async throws {
    try expect(!subject.examples.isEmpty, "an example at least")
    for example in subject.examples {
      try await subject.prepare()
      let output = try await subject.tool.call(example)
      try expect(!output.isError, "an example to succeed")
      try checkBound(output.content, subject)
    }
  }

  static func refusesOtherThanObjects(_ subject: ToolUnderTest) async throws {
    for arguments in [.null, true, 1, 1.5, "text", [], [[:]]] as [JSONValue] {
      try await expectRefusal(of: arguments, by: subject)
    }
  }

  static func refusesUnknownMembers(_ subject: ToolUnderTest) async throws {
    for example in subject.examples {
      try await expectRefusal(of: changed(example) { $0["no_such_member"] = "x" }, by: subject)
    }
  }

  static func refusesMissingMembers(_ subject: ToolUnderTest) async throws {
    for example in subject.examples {
      for name in required(by: subject.tool) {
        try await expectRefusal(of: changed(example) { $0[name] = nil }, by: subject)
        try await expectRefusal(of: changed(example) { $0[name] = .null }, by: subject)
      }
    }
  }

  static func refusesOtherTypes(_ subject: ToolUnderTest) async throws {
    let values: [(types: Set<String>, value: JSONValue)] = [
      (["string"], "x"), (["boolean"], true), (["number"], 0.5), (["array"], [1, "x", .null]),
      (["object"], [:]),
      (["number"], 1e300), (["number", "integer"], .integer(.min)),
    ]
    for example in subject.examples {
      for (name, property) in properties(of: subject.tool).sorted(by: { $0.key < $1.key }) {
        guard let type = property["type"]?.string else { continue }
        for (types, value) in values where !types.contains(type) {
          try await expectRefusal(of: changed(example) { $0[name] = value }, by: subject)
        }
      }
    }
  }

  static func survivesAnyText(_ subject: ToolUnderTest) async throws {
    for arguments in nonsense(for: subject) {
      try await subject.prepare()
      switch await result(of: arguments, by: subject) {
      case .success(let output): try checkBound(output.content, subject)
      case .failure(let failure): try checkBound(failure.description, subject)
      }
    }
  }

  static func changesNothingByReading(_ subject: ToolUnderTest) async throws {
    guard subject.tool.effect == .readsOnly else { return }
    for example in subject.examples {
      try await subject.prepare()
      let before = try await subject.describeWorld()
      _ = try await subject.tool.call(example)
      try expect(try await subject.describeWorld(), before, "the world after a call that reads")
    }
  }

  static func isIdempotentAsItSays(_ subject: ToolUnderTest) async throws {
    guard subject.tool.isIdempotent else { return }
    for example in subject.examples {
      try await subject.prepare()
      let first = try await subject.tool.call(example)
      let once = try await subject.describeWorld()
      let second = try await subject.tool.call(example)
      try expect(try await subject.describeWorld(), once, "the world after the second call")
      try expect(second.isError, first.isError, "whether the second call succeeds")
    }
  }

  static func endsWhenCancelledBeforehand(_ subject: ToolUnderTest) async throws {
    for example in subject.examples {
      try await subject.prepare()
      let before = try await subject.describeWorld()
      let call = Unstructured.start { () -> Result<ToolOutput, ToolFailure> in
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        return await result(of: example, by: subject)
      }
      switch await call.value {
      // What is at once done may be done.
      case .success:
        try expect(subject.tool.effect == .readsOnly, "a cancelled call that changes something to fail")
      case .failure(let failure): try expect(failure, .cancelled, "the failure of a cancelled call")
      }
      try expect(try await subject.describeWorld(), before, "the world after a cancelled call")
    }
  }

  static func endsWhenCancelledMidway(_ subject: ToolUnderTest) async throws {
    for example in subject.examples {
      try await subject.prepare()
      let call = Unstructured.start { await result(of: example, by: subject) }
      // Lets the call begin; how far it gets does not matter.
      for _ in 0..<10 { await Task.yield() }
      call.cancel()
      if case .failure(let failure) = await call.value {
        try expect(failure, .cancelled, "the failure of a cancelled call")
      }
    }
  }

  static func answersAnything(_ subject: ToolUnderTest) async throws {
    let texts = [
      "", " \n", "{}", "null", "{", "[1,", "\"", "{\"a\":}", String(repeating: "[", count: 100_000),
      String(repeating: "{\"a\":", count: 1_000), "\u{FEFF}{}", "{} {}",
    ]
    for text in texts {
      try await subject.prepare()
      let call = ToolCall(id: "call-1", name: subject.tool.description.name, arguments: text)
      let result = await subject.tool.answer(call)
      try expect(result.callID, "call-1", "the call that is answered")
      try checkBound(result.content, subject)
    }
  }

  static func callsConcurrently(_ subject: ToolUnderTest) async throws {
    guard subject.tool.effect == .readsOnly else { return }
    try await subject.prepare()
    try await withThrowingTaskGroup { group in
      for place in 0..<16 {
        let example = subject.examples[place % max(1, subject.examples.count)]
        group.addTask { _ = try await subject.tool.call(example) }
      }
      try await group.waitForAll()
    }
  }

  private static func result(
    of arguments: JSONValue, by subject: ToolUnderTest
  ) async -> Result<ToolOutput, ToolFailure> {
    do throws(ToolFailure) { return .success(try await subject.tool.call(arguments)) } catch {
      return .failure(error)
    }
  }

  private static func expectRefusal(of arguments: JSONValue, by subject: ToolUnderTest) async throws {
    try await subject.prepare()
    let before = try await subject.describeWorld()
    let shown = "\(arguments)".visible(limit: 100)
    switch await result(of: arguments, by: subject) {
    case .success: throw BrokenPromise(expected: "a refusal of \(shown)", found: "an output")
    case .failure(.invalidArguments): break
    case .failure(let failure):
      throw BrokenPromise(expected: "a refusal of the arguments \(shown)", found: "\(failure)")
    }
    try expect(try await subject.describeWorld(), before, "the world after a refusal")
  }

  private static func checkBound(_ text: String, _ subject: ToolUnderTest) throws {
    guard text.utf8.count <= subject.outputLimit else {
      throw BrokenPromise(expected: "at most \(subject.outputLimit) bytes", found: "\(text.utf8.count)")
    }
  }

  private static func changed(
    _ example: JSONValue, _ change: (inout [String: JSONValue]) -> Void
  ) -> JSONValue {
    guard case .object(var members) = example else { return example }
    change(&members)
    return .object(members)
  }
}
