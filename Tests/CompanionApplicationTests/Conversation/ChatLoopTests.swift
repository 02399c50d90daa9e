import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

struct ChatLoopTests {
  @Test func `who sends a message is told when the log cannot be read`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let time = simulator.time
      let isFailing = Mutex(false)
      let plan = StoreFaultPlan(fault: { call in
        isFailing.withLock { $0 } && call.kind == .read ? .busy : nil
      })
      let session = ChatSession(id: "one", createdAt: time.now)
      let store = InMemoryStore(time: time)
      try await store.commit(.insertSession(session))
      let environment = Environment(
        providers: [Provider("model", model: ScriptedModel.answering("yes"))],
        store: FaultyStore(store, plan: plan, time: time), time: time, identifiers: simulator.identifiers,
        random: simulator.random, bus: EventBus(), configuration: CompanionConfiguration())
      let loop = ChatLoop(session: session.id, environment: environment, onTaskCreated: {})
      await withDiscardingTaskGroup { group in
        group.addTask {
          do throws(ChatFailure) { try await loop.run() } catch {
            #expect(error == .store(.busy("another process")))
          }
        }
        await #expect(throws: Never.self) {
          _ = try await loop.send(IncomingMessage(UserText("Hello")))?.text()
        }
        isFailing.withLock { $0 = true }
        await #expect(throws: ChatFailure.store(.busy("another process"))) {
          try await loop.send(IncomingMessage(UserText("Hello?")))
        }
      }
    }
  }
}
