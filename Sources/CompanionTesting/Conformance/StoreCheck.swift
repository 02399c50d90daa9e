public import CompanionPorts

/// Makes a new, empty store that takes the time from the source it is given.
///
/// Each check makes one, so a test can run them in any order, or at the same time. A store is let go of after
/// its check; whatever has to be closed or removed is the caller's.
public typealias MakeStore<Store> = @Sendable (any TimeSource) async throws -> Store

extension ConformanceCheck {
  /// A check that needs a store of its own, and a clock that it can move.
  init<Store: Sendable>(
    _ name: String, _ body: @escaping @Sendable (Store, FakeClock) async throws -> Void
  ) where Subject == MakeStore<Store> {
    self.init(name) { makeStore in
      let clock = FakeClock(now: Make.start)
      try await body(try await makeStore(clock), clock)
    }
  }
}
