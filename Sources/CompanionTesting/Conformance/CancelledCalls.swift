import CompanionDomain

/// Does what a cancelled task may end with a failure of kind `cancelled`, and with no other.
func acceptingCancellation(_ body: () async throws -> Void) async throws {
  do { try await body() } catch let failure as ProviderFailure {
    guard failure.kind == .cancelled else {
      throw BrokenPromise(expected: "a failure of kind cancelled", found: "\(failure.kind)")
    }
  }
}

extension Result where Failure == any Error {
  /// What becomes of a body.
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
