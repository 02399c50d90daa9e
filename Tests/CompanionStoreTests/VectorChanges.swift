import CompanionDomain
import CompanionPorts
import CompanionTesting

/// Documents that come, change and go, with vectors in two spaces.
struct VectorChanges {
  static let spaces = [
    nearSpace, EmbeddingSpace(model: ModelIdentity(provider: "scripted", model: "far"), dimension: 1100),
  ]
  static let scopes = [kitchen, .workspace(.main)]

  private var random: SplitMix64
  private var stored: [Int: Document] = [:]

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  var opening: [ChangeSet.Change] { Self.spaces.map { .openEmbeddingSpace($0) } }

  mutating func next(_ count: Int) -> ChangeSet {
    var changes: [ChangeSet.Change] = []
    var seen: Set<Int> = []
    while seen.count < count {
      let number = random.next(below: 1500) + 1
      // One change of each: what a set does and undoes stores may see differently.
      guard seen.insert(number).inserted else { continue }
      switch random.next(below: 8) {
      case 0:
        stored[number] = nil
        changes.append(.removeDocument(identifier(number)))
      case 1, 2:
        if let document = stored[number] { changes += vectors(of: document) }
      default:
        let document = numbered(
          number, "number \(number) \(random.next(below: 3))", in: Self.scopes[random.next(below: 2)])
        stored[number] = document
        changes.append(.putDocument(document))
        if random.next(below: 3) > 0 { changes += vectors(of: document) }
      }
    }
    return ChangeSet(changes)
  }

  /// Removes so many, in sets of some.
  mutating func removals(of count: Int) -> [ChangeSet] {
    var numbers = stored.keys.sorted()
    numbers.shuffle(using: &random)
    let removed = Array(numbers.prefix(count))
    for number in removed { stored[number] = nil }
    return stride(from: 0, to: removed.count, by: 35).map { start in
      ChangeSet(
        removed[start..<min(start + 35, removed.count)].map { .removeDocument(identifier($0)) })
    }
  }

  mutating func vector(_ dimension: Int) -> [Float] {
    (0..<dimension).map { _ in Float(random.next(below: 2_000_001) - 1_000_000) / 1_000_000 }
  }

  private mutating func vectors(of document: Document) -> [ChangeSet.Change] {
    var changes: [ChangeSet.Change] = []
    for space in Self.spaces {
      let count = random.next(below: 3)
      guard count > 0 else { continue }
      let vectors = (0..<count).map { _ in vector(space.dimension) }
      if let change = embedded(document, vectors, in: space) { changes.append(change) }
    }
    return changes
  }
}
