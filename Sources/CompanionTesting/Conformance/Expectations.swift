import CompanionDomain
import CompanionPorts

/// Compares two values.
///
/// Values that hold text are compared by their descriptions too: strings that mean the same but consist of
/// other scalars are equal to Swift, and not to a store that promises to keep text as it is. Of two such at
/// least one has scalars beyond ASCII. They are sorted because equal dictionaries may be described in different
/// orders.
func expect<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
  guard found == expected, scalars(of: found) == scalars(of: expected) else {
    throw BrokenPromise(expected: "\(what) to be \(expected)", found: "\(found)")
  }
}

private func scalars(of value: some Any) -> [Unicode.Scalar] {
  String(reflecting: value).unicodeScalars.filter { !$0.isASCII }.sorted()
}

func expect(_ condition: Bool, _ what: String) throws {
  guard condition else { throw BrokenPromise(expected: what, found: "the opposite") }
}

func expectConflict(_ conflict: StoreConflict, _ body: () async throws(StoreFailure) -> Void) async throws {
  try await expectFailure("conflict \(conflict)", body) { $0 == .conflict(conflict) }
}

func expectInvalid(_ body: () async throws(StoreFailure) -> Void) async throws {
  try await expectFailure("a refusal as invalid", body) { if case .invalid = $0 { true } else { false } }
}

private func expectFailure(
  _ expected: String, _ body: () async throws(StoreFailure) -> Void, matching: (StoreFailure) -> Bool
) async throws {
  do throws(StoreFailure) { try await body() } catch {
    guard matching(error) else { throw BrokenPromise(expected: expected, found: "\(error)") }
    return
  }
  throw BrokenPromise(expected: expected, found: "success")
}
