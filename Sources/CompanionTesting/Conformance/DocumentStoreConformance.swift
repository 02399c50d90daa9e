import CompanionDomain
public import CompanionPorts

/// The promises of `DocumentStore`, for every store to be checked against.
///
/// The checks need a new, empty store each. They take no real time: what time the store sees stands still.
public enum DocumentStoreConformance {
  /// Makes a new, empty store.
  public typealias MakeStore = CompanionTesting.MakeStore<any DocumentStore>

  /// All checks, for a test that is parameterised over them.
  public static let checks: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a document is read as it was stored") { store, _ in try await documentIsKept(store) },
    ConformanceCheck("a document takes the place of the one of its name") { store, _ in
      try await documentIsReplaced(store)
    },
    ConformanceCheck("documents come in the order of their last changes") { store, _ in
      try await documentsComeInOrder(store)
    },
    ConformanceCheck("the documents of a person are listed by their names") { store, _ in
      try await ownedAreListed(store)
    },
    ConformanceCheck("nothing is left of a document that was removed") { store, _ in
      try await removedDocumentIsGone(store)
    },
    ConformanceCheck("one failing change leaves no document of its set") { store, _ in
      try await setIsAtomic(store)
    },
    ConformanceCheck("a document with NUL or too much text is refused") { store, _ in
      try await badDocumentIsRefused(store)
    },
  ]

  /// Runs all checks, each on a store of its own.
  ///
  /// - Throws: ``ConformanceReport`` with every broken promise, or what `makeStore` throws.
  public static func run(on makeStore: @escaping MakeStore) async throws {
    try await ConformanceCheck.run(checks, on: makeStore, within: .zero, measuredBy: nil)
  }

  static func documentIsKept(_ store: any DocumentStore) async throws {
    try await expect(store.document(Make.id(1)), nil, "a document that is not there")
    try await expect(store.allDocuments(), [], "the documents of an empty store")
    let full = Document(
      id: Make.id(1), scope: .thread("soup", of: "kitchen", in: "home"), owner: "anna", title: "Soup",
      text: "Carrots", status: .archived, isPinned: true, metadata: ["language": "en", "": ""],
      createdAt: Timestamp(nanosecondsSinceEpoch: .min), updatedAt: .distantFuture)
    let bare = Document(id: Make.id(2), scope: .workspace(.main), text: "", createdAt: Make.start)
    for document in [full, bare] {
      let changed = try await store.commit(.putDocument(document))
      try expect(changed, [], "what is returned for a document")
      try await expect(store.document(document.id), document, "the document")
    }
    for (index, text) in Make.texts.enumerated() {
      var document = Make.document(10 + index, text, title: text)
      document.metadata = [text: text, "b": text]
      try await store.commit(.putDocument(document))
      try await expect(store.document(document.id), document, "the document with its text scalar by scalar")
    }
  }

  static func documentIsReplaced(_ store: any DocumentStore) async throws {
    var document = Make.document(1, owner: "anna")
    document.metadata = ["a": "1", "b": "2"]
    try await store.commit(.putDocument(document), .putDocument(Make.document(2)))
    let next = Make.document(
      1, "other words", title: "", in: .workspace("home"), owner: "bert", status: .archived,
      at: Make.time(9))
    try await store.commit(.putDocument(next))
    try await expect(store.document(Make.id(1)), next, "the document")
    try await expect(store.allDocuments(), [Make.document(2), next], "all documents")
    try await expect(
      store.documents(ownedBy: "anna", after: nil, limit: 9), [], "those of its owner before")
    try await expect(store.documents(ownedBy: "bert", after: nil, limit: 9), [next], "those of its owner")
    // The same once more is a change, too.
    let last = try await cursors(store).last ?? .start
    try await store.commit(.putDocument(Make.document(2)))
    try await expect(store.allDocuments(), [next, Make.document(2)], "all documents after the same again")
    let behind = try await store.documents(changedAfter: last, limit: 9)
    try expect(behind.map(\.document), [Make.document(2)], "what was changed since")
  }

  static func documentsComeInOrder(_ store: any DocumentStore) async throws {
    let numbers = [4, 2, 7, 1, 6, 3, 5]
    try await store.commit(ChangeSet(numbers.prefix(3).map { .putDocument(Make.document($0)) }))
    for number in numbers.dropFirst(3) { try await store.commit(.putDocument(Make.document(number))) }
    try await store.commit(.putDocument(Make.document(7, status: .archived)), .removeDocument(Make.id(6)))
    let all = try await store.documents(changedAfter: .start, limit: .max)
    try expect(all.map(\.document.id), [4, 2, 1, 3, 5, 7].map { Make.id($0) }, "the documents")
    try expect(all.map(\.cursor), all.map(\.cursor).sorted(), "their places")
    try expect(Set(all.map(\.cursor)).count == all.count, "places that no two documents have")
    try expect(all.allSatisfy { $0.cursor > .start }, "places behind the start")
    try await expectPages(all, "the documents by their changes", by: \.cursor) { after, limit in
      try await store.documents(changedAfter: after ?? .start, limit: limit)
    }
    for cursor in [Int64.min, -1] {
      try await expect(
        store.documents(changedAfter: DocumentCursor(rawValue: cursor), limit: .max), all,
        "those behind a place before the start")
    }
    try await expect(
      store.documents(changedAfter: DocumentCursor(rawValue: .max), limit: .max), [], "those behind the end")
    // No place is used again, even that of the newest.
    let last = all.last?.cursor ?? .start
    try await store.commit(.removeDocument(Make.id(7)))
    try await store.commit(.putDocument(Make.document(8)))
    try await expect(
      store.documents(changedAfter: last, limit: 9).map(\.document.id), [Make.id(8)],
      "what was changed after the newest was removed")
  }

  static func ownedAreListed(_ store: any DocumentStore) async throws {
    var owned: [Document] = []
    for (index, number) in [5, 3, 8, 1, 7, 2, 6, 4].enumerated() {
      let owner: UserID? = [nil, "anna", "bert"][index % 3]
      let status: Document.Status = index % 2 == 0 ? .archived : .normal
      let document = Make.document(
        number, in: .workspace(index < 4 ? "home" : "office"), owner: owner, status: status)
      try await store.commit(.putDocument(document))
      if owner == "anna" { owned.append(document) }
    }
    owned.sort { $0.id < $1.id }
    try await expectPages(owned, "the documents of a person", by: \.id) { after, limit in
      try await store.documents(ownedBy: "anna", after: after, limit: limit)
    }
    try await expect(
      store.documents(ownedBy: "carl", after: nil, limit: 9), [], "those of a person who has none")
  }

  static func removedDocumentIsGone(_ store: any DocumentStore) async throws {
    try await store.commit(
      .putDocument(Make.document(1, owner: "anna")), .putDocument(Make.document(2, owner: "anna")))
    // One that is not there is not missed.
    try await store.commit(
      .removeDocument(Make.id(1)), .removeDocument(Make.id(1)), .removeDocument(Make.id(9)))
    try await expect(store.document(Make.id(1)), nil, "the document")
    try await expect(store.allDocuments(), [Make.document(2, owner: "anna")], "all documents")
    try await expect(
      store.documents(ownedBy: "anna", after: nil, limit: 9), [Make.document(2, owner: "anna")],
      "the documents of its owner")
    try await store.commit(.putDocument(Make.document(1)))
    try await expect(store.document(Make.id(1)), Make.document(1), "another one of its name")
  }

  static func setIsAtomic(_ store: any DocumentStore) async throws {
    let documents = [Make.document(1, owner: "anna"), Make.document(2), Make.document(3, owner: "anna")]
    for document in documents { try await store.commit(.putDocument(document)) }
    let before = try await store.documents(changedAfter: .start, limit: .max)
    let changes: [ChangeSet.Change] = [
      .putDocument(Make.document(1, "other words", owner: "bert")), .removeDocument(Make.id(1)),
      .removeDocument(Make.id(2)), .putDocument(Make.document(2, "anew", owner: "anna")),
      .putDocument(Make.document(4, owner: "anna")), .putDocument(Make.document(3)),
      .removeDocument(Make.id(4)), .putDocument(Make.document(2, "once more")),
    ]
    for count in 1...changes.count {
      try await expectConflict(.scheduleMoved) { () throws(StoreFailure) in
        let failing = ChangeSet.Change.moveSchedule(Make.id(1), from: Make.start, to: nil)
        try await store.commit(ChangeSet(changes.prefix(count) + [failing]))
      }
      try await expect(
        store.documents(changedAfter: .start, limit: .max), before, "the documents after a set that failed")
      try await expect(
        store.documents(ownedBy: "anna", after: nil, limit: .max), [documents[0], documents[2]],
        "the documents of a person")
      for document in documents {
        try await expect(store.document(document.id), document, "the document")
      }
    }
    try await store.commit(ChangeSet(changes))
    try await expect(
      store.allDocuments(), [Make.document(3), Make.document(2, "once more")],
      "the documents after the set that succeeds")
  }

  static func badDocumentIsRefused(_ store: any DocumentStore) async throws {
    let text = Make.textWithNUL
    var bad = [
      Make.document(1, text), Make.document(1, title: text),
      Make.document(1, Make.text(bytes: ChangeSet.maximumTextBytes + 1)), Make.document(1),
      Make.document(1),
    ]
    bad[3].metadata = [text: ""]
    bad[4].metadata = ["a": text]
    for document in bad {
      try await expectInvalid { () throws(StoreFailure) in
        try await store.commit(.putDocument(Make.document(2)), .putDocument(document))
      }
    }
    try await expect(store.allDocuments(), [], "the documents")
  }

  private static func cursors(_ store: any DocumentStore) async throws -> [DocumentCursor] {
    try await store.documents(changedAfter: .start, limit: .max).map(\.cursor)
  }
}
