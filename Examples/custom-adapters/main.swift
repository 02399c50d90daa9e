// A host's own model, clock and store, wired into a companion and proved by the conformance suites.
import CompanionKit
import CompanionTesting

let clock = OfficeClock()
try await LanguageModelConformance.run(on: ParrotModel(), measuredBy: clock)
print("The model keeps its \(LanguageModelConformance.checks.count) promises.")
try await TimeSourceConformance.run(on: clock, measuredBy: .system)
print("The clock keeps its \(TimeSourceConformance.checks.count) promises.")
try await ConversationStoreConformance.run(on: { time in NotebookStore(time: time) })
try await TaskStoreConformance.run(on: { time in NotebookStore(time: time) }, measuredBy: clock)
try await LedgerStoreConformance.run(on: { time in NotebookStore(time: time) })
try await MemoryStoreConformance.run(on: { time in NotebookStore(time: time) })
try await DocumentStoreConformance.run(on: { time in NotebookStore(time: time) })
try await TextIndexConformance.run(on: { time in NotebookStore(time: time) })
try await EmbeddingIndexConformance.run(on: { time in NotebookStore(time: time) })
try await StateStoreConformance.run(on: { time in NotebookStore(time: time) })
let promises =
  ConversationStoreConformance.checks.count + TaskStoreConformance.checks.count
  + LedgerStoreConformance.checks.count + MemoryStoreConformance.checks.count
  + DocumentStoreConformance.checks.count + TextIndexConformance.checks.count
  + EmbeddingIndexConformance.checks.count + StateStoreConformance.checks.count
print("The store keeps its \(promises) promises.")

let companion = Companion(model: ParrotModel(), store: NotebookStore(time: clock), time: clock)
companion.start()
print(try await companion.send("Good morning").text())
await companion.stop()
