import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionSQLite
import CompanionSystem
import CompanionTesting
import Testing

@Suite(.serialized) struct `Both stores keep the promises of their ports` {
  @Test(arguments: ConversationStoreConformance.checks)
  func `in memory, conversations`(
    check: ConformanceCheck<ConversationStoreConformance.MakeStore>
  ) async throws {
    try await check.run(on: { time in InMemoryStore(time: time) }, measuredBy: .system)
  }

  @Test(arguments: TaskStoreConformance.checks)
  func `in memory, tasks`(check: ConformanceCheck<TaskStoreConformance.MakeStore>) async throws {
    try await check.run(on: { time in InMemoryStore(time: time) }, measuredBy: .system)
  }

  @Test(arguments: LedgerStoreConformance.checks)
  func `in memory, the ledger`(check: ConformanceCheck<LedgerStoreConformance.MakeStore>) async throws {
    try await check.run(on: { time in InMemoryStore(time: time) }, measuredBy: .system)
  }

  @Test(arguments: MemoryStoreConformance.checks)
  func `in memory, what is remembered`(check: ConformanceCheck<MemoryStoreConformance.MakeStore>) async throws
  {
    try await check.run(on: { time in InMemoryStore(time: time) }, measuredBy: .system)
  }

  @Test(arguments: DocumentStoreConformance.checks)
  func `in memory, documents`(check: ConformanceCheck<DocumentStoreConformance.MakeStore>) async throws {
    try await check.run(on: { time in InMemoryStore(time: time) }, measuredBy: .system)
  }

  @Test(arguments: TextIndexConformance.checks)
  func `in memory, what is found`(check: ConformanceCheck<TextIndexConformance.MakeStore>) async throws {
    try await check.run(on: { time in InMemoryStore(time: time) }, measuredBy: .system)
  }

  @Test(arguments: EmbeddingIndexConformance.checks)
  func `in memory, what is near`(check: ConformanceCheck<EmbeddingIndexConformance.MakeStore>) async throws {
    try await check.run(on: { time in InMemoryStore(time: time) }, measuredBy: .system)
  }

  @Test(arguments: StateStoreConformance.checks)
  func `in memory, states`(check: ConformanceCheck<StateStoreConformance.MakeStore>) async throws {
    try await check.run(on: { time in InMemoryStore(time: time) }, measuredBy: .system)
  }

  @Test(arguments: ConversationStoreConformance.checks)
  func `in SQLite, conversations`(
    check: ConformanceCheck<ConversationStoreConformance.MakeStore>
  ) async throws {
    try await withDatabase { path in
      try await check.run(
        on: { time in try await SQLiteStore(path: path, durability: .normal, time: time) },
        measuredBy: .system)
    }
  }

  @Test(arguments: TaskStoreConformance.checks)
  func `in SQLite, tasks`(check: ConformanceCheck<TaskStoreConformance.MakeStore>) async throws {
    try await withDatabase { path in
      try await check.run(
        on: { time in try await SQLiteStore(path: path, durability: .normal, time: time) },
        measuredBy: .system)
    }
  }

  @Test(arguments: LedgerStoreConformance.checks)
  func `in SQLite, the ledger`(check: ConformanceCheck<LedgerStoreConformance.MakeStore>) async throws {
    try await withDatabase { path in
      try await check.run(
        on: { time in try await SQLiteStore(path: path, durability: .normal, time: time) },
        measuredBy: .system)
    }
  }

  @Test(arguments: MemoryStoreConformance.checks)
  func `in SQLite, what is remembered`(check: ConformanceCheck<MemoryStoreConformance.MakeStore>) async throws
  {
    try await withDatabase { path in
      try await check.run(
        on: { time in try await SQLiteStore(path: path, durability: .normal, time: time) },
        measuredBy: .system)
    }
  }

  @Test(arguments: DocumentStoreConformance.checks)
  func `in SQLite, documents`(check: ConformanceCheck<DocumentStoreConformance.MakeStore>) async throws {
    try await withDatabase { path in
      try await check.run(
        on: { time in try await SQLiteStore(path: path, durability: .normal, time: time) },
        measuredBy: .system)
    }
  }

  @Test(arguments: TextIndexConformance.checks)
  func `in SQLite, what is found`(check: ConformanceCheck<TextIndexConformance.MakeStore>) async throws {
    try await withDatabase { path in
      try await check.run(
        on: { time in try await SQLiteStore(path: path, durability: .normal, time: time) },
        measuredBy: .system)
    }
  }

  @Test(arguments: EmbeddingIndexConformance.checks)
  func `in SQLite, what is near`(check: ConformanceCheck<EmbeddingIndexConformance.MakeStore>) async throws {
    try await withDatabase { path in
      try await check.run(
        on: { time in try await SQLiteStore(path: path, durability: .normal, time: time) },
        measuredBy: .system)
    }
  }

  @Test(arguments: StateStoreConformance.checks)
  func `in SQLite, states`(check: ConformanceCheck<StateStoreConformance.MakeStore>) async throws {
    try await withDatabase { path in
      try await check.run(
        on: { time in try await SQLiteStore(path: path, durability: .normal, time: time) },
        measuredBy: .system)
    }
  }
}
