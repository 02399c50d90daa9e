package import CompanionDomain

/// The conversations that are open in this process, as whoever forgets something of them needs to know them.
package struct OpenChats: Sendable {
  let stopAnswer: @Sendable (SessionID) async -> Void
  let noteErasure: @Sendable (SessionID) -> Void

  /// - Parameters:
  ///   - stopAnswer: stops the answer that is being given in a session, and returns when what was delivered of it
  ///     is stored.
  ///   - noteErasure: says that a session was erased.
  package init(
    stopAnswer: @escaping @Sendable (SessionID) async -> Void,
    noteErasure: @escaping @Sendable (SessionID) -> Void
  ) {
    self.stopAnswer = stopAnswer
    self.noteErasure = noteErasure
  }
}
