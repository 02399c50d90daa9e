import CompanionDomain
import CompanionPorts

extension Make {
  static let origin = MemoryOrigin(
    model: ModelIdentity(provider: "scripted", model: "small"), instructions: "1f2e")

  static let kitchen = MemoryScope.channel("kitchen", of: "home")

  static func memory(
    _ scope: MemoryScope = kitchen, _ kind: MemoryKind = .shortTerm, version: Int64 = 1,
    text: String = "They talk of tea.", sourceCount: Int = 1, merged: [MergedMemory] = [],
    newest: Timestamp = start
  ) -> MemoryRecord {
    MemoryRecord(
      key: MemoryKey(scope, kind), version: version, text: text, sourceCount: sourceCount, merged: merged,
      newestSource: newest, createdAt: start, updatedAt: newest, origin: origin)
  }

  static func span(_ session: Int, _ places: ClosedRange<Int>, count: Int? = nil) -> SourceSpan {
    SourceSpan(
      session: id(session), first: at(places.lowerBound), last: at(places.upperBound),
      count: count ?? places.count)
  }

  /// A fact that its user has stated outright, unless another source is given.
  static func fact(
    _ number: Int, _ statement: String = "Anna drinks green tea.",
    in scope: MemoryScope = .user(.user, in: .main),
    source: FactSource = .statement(by: .user, in: nil), validTo: Timestamp? = nil
  ) -> Fact {
    Fact(
      id: id(number), scope: scope, subject: "Anna", statement: statement, validTo: validTo, source: source,
      createdAt: start)
  }

  /// A quote of the log of ``ConversationStore/begin(_:messages:)``.
  static func quote(_ session: Int, _ place: Int, _ text: String? = nil) -> FactSource {
    .message(MessageQuote(session: id(session), sequence: at(place), text: text ?? "message \(place)"))
  }

  static func document(
    _ number: Int, _ text: String = "Water for green tea has 80 degrees.", title: String = "Tea",
    in scope: MemoryScope = kitchen, owner: UserID? = nil, status: Document.Status = .normal,
    at time: Timestamp = start
  ) -> Document {
    Document(
      id: id(number), scope: scope, owner: owner, title: title, text: text, status: status, createdAt: start,
      updatedAt: time)
  }

  static func revision(_ number: Int) -> LogRevision { LogRevision(rawValue: Int64(number)) }
}

extension MemoryStore {
  func allFacts() async throws -> [Fact] {
    try await facts(matching: FactFilter(includesSuperseded: true), after: nil, limit: .max)
  }

  func allMemories() async throws -> [MemoryRecord] {
    try await memories(matching: MemoryFilter(), after: nil, limit: .max)
  }

  func allSources(of key: MemoryKey) async throws -> [SourceSpan] {
    try await memorySources(of: key, after: nil, limit: .max)
  }
}

extension DocumentStore {
  func allDocuments() async throws -> [Document] {
    try await documents(changedAfter: .start, limit: .max).map(\.document)
  }
}

/// Reads pages of every size from one to three, and checks that together they are what all are.
func expectPages<Element: Equatable & Sendable, Key>(
  _ all: [Element], _ what: String, by key: (Element) -> Key,
  page: (Key?, Int) async throws -> [Element]
) async throws {
  for limit in [0, -1, Int.min] { try await expect(page(nil, limit), [], "\(what), none of them") }
  try await expect(page(nil, .max), all, "\(what), all of them")
  for size in 1...3 {
    var read: [Element] = []
    while true {
      let next = try await page(read.last.map(key), size)
      try expect(next.count <= size, "at most \(size) of \(what)")
      read += next
      if next.isEmpty || read.count > all.count { break }
    }
    try expect(read, all, "\(what), \(size) at a time")
  }
}
