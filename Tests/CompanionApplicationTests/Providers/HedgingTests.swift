import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@testable import CompanionApplication

/// Second calls for the same request, under a simulator.
struct HedgingTests {
  private static let seeds: ClosedRange<UInt64> = 1...20

  @Test func `a second provider is asked when the first is late, and the first to begin wins`() throws {
    for seed in Self.seeds {
      try RouterScene.run(seed: seed) { simulator in
        let slow = ScriptedModel.answering(.pause(.seconds(30), on: simulator.time), "slow")
        let quick = ScriptedModel.answering(.pause(.seconds(1), on: simulator.time), "quick")
        return [.scripted("a", slow), .scripted("b", quick)]
      } routing: {
        $0.hedgeAfter = .seconds(2)
      } _: { scene in
        let start = scene.now
        #expect(await scene.answer().text == "quick")
        #expect(scene.now == start.advanced(by: .seconds(3)))
        // The other one stops a moment later.
        try await scene.simulator.time.sleep(for: .milliseconds(1))
        let entries = try await scene.entries()
        #expect(Set(entries.map(\.provider)) == ["a", "b"])
        #expect(entries.first { $0.provider == "a" }?.failure == .cancelled)
        #expect(scene.held("a") == 0 && scene.held("b") == 0)
        #expect(scene.router.table.withLock { $0.row("a")?.breaker.consecutiveFailures } == 0)
        // Nobody waits for a task or an intent.
        #expect(await scene.answer(RouterScene.request(.task)).text == "slow")
      }
    }
  }

  @Test func `at whatever time the first one ends, no hedged call is left behind`() throws {
    for delay in [1_999, 2_000, 2_001, 2_999, 3_000, 3_001] as [Int64] {
      for seed in Self.seeds {
        for first in [ModelStep.text("first"), .fail(.overloaded), .fail(.contentFiltered)] {
          try RouterScene.run(seed: seed) { simulator in
            let a = ScriptedModel.answering(.pause(.milliseconds(delay), on: simulator.time), first)
            let b = ScriptedModel.answering(.pause(.seconds(1), on: simulator.time), "second")
            return [.scripted("a", a), .scripted("b", b), .scripted("c", .answering("third"), priority: 1)]
          } routing: {
            $0.hedgeAfter = .seconds(2)
          } _: { scene in
            let (text, failure) = await scene.answer()
            #expect(failure == nil || failure?.kind == .contentFiltered)
            #expect(failure != nil || ["first", "second", "third"].contains(text))
            try await scene.simulator.time.sleep(for: .milliseconds(1))
            #expect(scene.held("a") == 0 && scene.held("b") == 0 && scene.held("c") == 0)
            let started = scene.kinds().count { $0 == "model.started" }
            #expect(scene.kinds().count { $0 == "model.ended" } == started)
            let entries = try await scene.entries()
            #expect(entries.count == started)
          }
        }
      }
    }
  }

  @Test func `one that has lost keeps its place until it has stopped, and nobody waits for that`() throws {
    for seed in Self.seeds {
      let slow = Mutex<ScriptedModel?>(nil)
      try RouterScene.run(seed: seed) { simulator in
        // It does not heed that it is cancelled.
        let deaf = ModelStep.perform {
          await Unstructured.shielded { try? await simulator.time.sleep(for: .seconds(30)) }
        }
        let model = ScriptedModel.answering(deaf, "slow")
        slow.withLock { $0 = model }
        let quick = ScriptedModel.answering(.pause(.seconds(1), on: simulator.time), "quick")
        return [
          .scripted("a", model, limits: ProviderLimits(concurrentCalls: 1)), .scripted("b", quick),
        ]
      } routing: {
        $0.hedgeAfter = .seconds(2)
      } _: { scene in
        let start = scene.now
        let model = slow.withLock { $0 }
        #expect(await scene.answer().text == "quick")
        #expect(scene.now == start.advanced(by: .seconds(3)))
        #expect(scene.held("a") == 1)
        for _ in 1...5 { #expect(await scene.answer().text == "quick") }
        #expect(model?.requests.count == 1)
        try await scene.simulator.time.sleep(until: start.advanced(by: .seconds(31)), tolerance: nil)
        #expect(scene.held("a") == 0)
        let entries = try await scene.entries()
        #expect(entries.filter { $0.provider == "a" }.map(\.failure) == [.cancelled])
        #expect(entries.first { $0.provider == "a" }?.latency == .seconds(30))
        #expect(await scene.answer().text == "quick")
        #expect(model?.requests.count == 2)
      }
    }
  }

  @Test func `whoever is cancelled while two are asked waits for both, and leaves nothing behind`() throws {
    for seed in Self.seeds {
      for wait in [500, 2_000, 2_001, 5_000] as [Int64] {
        try RouterScene.run(seed: seed) { _ in
          [.scripted("a", .hanging), .scripted("b", .hanging)]
        } routing: {
          $0.hedgeAfter = .seconds(2)
        } _: { scene in
          await withTaskGroup { group in
            group.addTask { #expect(await scene.answer().failure?.kind == .cancelled) }
            try? await scene.simulator.time.sleep(for: .milliseconds(wait))
            group.cancelAll()
          }
          #expect(scene.held("a") == 0 && scene.held("b") == 0 && !scene.waiting)
          let started = scene.kinds().count { $0 == "model.started" }
          let entries = try await scene.entries()
          #expect(entries.count == started)
          if wait != 2_000 { #expect(started == (wait < 2_000 ? 1 : 2)) }
          #expect(entries.allSatisfy { $0.failure == .cancelled })
        }
      }
    }
  }

  @Test func `one that has lost and fails all the same is known to have failed`() throws {
    try RouterScene.run { simulator in
      let refusal = ProviderFailure(.rateLimited, retryAfter: .seconds(600), status: 429)
      return [
        Provider("a", model: LateRefusal(time: simulator.time, failure: refusal)),
        .scripted("b", .answering("b"), priority: 1),
      ]
    } routing: {
      $0.hedgeAfter = .seconds(2)
    } _: { scene in
      #expect(await scene.answer().text == "b")
      try await scene.simulator.time.sleep(for: .seconds(10))
      let status = try #require(scene.router.status().first { $0.configuration.id == "a" })
      #expect(status.lastFailure?.kind == .rateLimited && status.restsUntil != nil)
      #expect(try await scene.entries().map(\.failure) == [nil, .rateLimited])
      #expect(scene.held("a") == 0)
    }
  }

  @Test func `a second one that refuses the request does not end the first one's try`() throws {
    for kind in [ProviderFailure.Kind.contextLengthExceeded, .contentFiltered, .invalidRequest, .serverError]
    {
      for isFirstWell in [true, false] {
        try RouterScene.run { simulator in
          let slow: [ModelStep] = [
            .pause(.seconds(5), on: simulator.time), isFirstWell ? "a" : .fail(.overloaded),
          ]
          return [
            .scripted("a", ScriptedModel([slow])),
            .scripted("b", ScriptedModel([.refusing(ProviderFailure(kind))]), priority: 1),
          ]
        } routing: {
          $0.hedgeAfter = .seconds(2)
        } _: { scene in
          let (text, failure) = await scene.answer()
          #expect(text == (isFirstWell ? "a" : ""))
          // What passes first is told.
          #expect(failure?.kind == (isFirstWell ? nil : kind == .serverError ? kind : .overloaded))
          #expect(scene.kinds().count { $0 == "model.started" } == 2)
          #expect(scene.kinds().count { $0 == "model.ended" } == 2)
          let entries = try await scene.entries()
          #expect(entries.count == 2)
          #expect(scene.held("a") == 0 && scene.held("b") == 0 && !scene.waiting)
        }
      }
    }
  }

  @Test func `when both hedged calls fail the next provider is asked`() throws {
    try RouterScene.run { simulator in
      let slow = ScriptedModel.answering(.pause(.seconds(5), on: simulator.time), .fail(.overloaded))
      return [
        .scripted("a", slow), .scripted("b", slow), .scripted("c", .answering("third"), priority: 1),
      ]
    } routing: {
      $0.hedgeAfter = .seconds(1)
    } _: { scene in
      #expect(await scene.answer().text == "third")
      let entries = try await scene.entries()
      #expect(entries.count == 3)
    }
  }

  @Test func `without being asked for nothing is hedged`() throws {
    let second = ScriptedModel.answering("second")
    try RouterScene.run { simulator in
      let slow = ScriptedModel.answering(.pause(.seconds(90), on: simulator.time), "slow")
      return [.scripted("a", slow), .scripted("b", second)]
    } _: { scene in
      #expect(await scene.answer().text == "slow")
      #expect(second.requests.isEmpty)
    }
  }
}

/// A model that takes its time to refuse, whether or not anybody still waits.
private struct LateRefusal: LanguageModel {
  let time: any TimeSource
  let failure: ProviderFailure

  var identity: ModelIdentity { ModelIdentity(provider: "late", model: "late") }

  func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    await refuse()
    throw failure
  }

  func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    await refuse()
    throw failure
  }

  private func refuse() async {
    let end = time.now.advanced(by: .seconds(5))
    await Unstructured.shielded { [time] in try? await time.sleep(until: end, tolerance: nil) }
  }
}
