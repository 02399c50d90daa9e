import CompanionApplication
import CompanionDomain
import CompanionPorts

/// What all simulated processes of a run share.
protocol SimulatedWorld: Sendable {
  associatedtype Witness: SimulationWitness

  /// What decides everything.
  var simulator: Simulator { get }
  var witness: Witness { get }

  /// From now on nothing goes wrong any more that is not a process's own.
  func calmDown()
}

/// A process of a run, through all its lives.
protocol SimulatedProcess: Sendable {
  /// Lives until it is told that all is over.
  func live() async

  /// From now on nothing goes wrong any more.
  func calmDown()
}

extension SimulatedWorld {
  var time: any TimeSource { simulator.time }
  var identifiers: any IdentifierSource { simulator.identifiers }
  var random: any RandomSource { simulator.random }

  /// Has processes live while all steps of a scenario are done, of which some go wrong until all is calm, and then for
  /// as long as it takes to see what comes of it.
  ///
  /// - Parameters:
  ///   - calm: from when nothing goes wrong any more, as seen from the beginning.
  ///   - perform: does a step, at its time.
  ///   - end: waits for what has to come, and ends the processes.
  func live<Process: SimulatedProcess, Step: Sendable>(
    _ processes: [Process], through steps: [Step], calm: Duration,
    perform: @escaping @Sendable (Step) async -> Void, end: () async throws -> Void
  ) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for process in processes { group.addTask { await process.live() } }
      await withDiscardingTaskGroup { group in
        for step in steps { group.addTask { await perform(step) } }
        group.addTask {
          // It fails only when it is cancelled, and then all is over.
          try? await time.sleep(until: witness.start.advanced(by: calm), tolerance: nil)
          calmDown()
          for process in processes { process.calmDown() }
        }
      }
      try await end()
    }
  }

  /// Comes back when everything else should have ended, whoever is told to stop.
  func stayAway(until end: Timestamp) async {
    await Unstructured.start(name: "call that was told to stop") {
      try? await time.sleep(until: end, tolerance: nil)
    }.value
  }
}
