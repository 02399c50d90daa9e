import CompanionDomain

/// Which known facts new ones end, by rule: the same kind of statement about the same, with another value.
struct OfflineSupersession {
  private let material: MemoryMaterial

  init(_ material: MemoryMaterial) { self.material = material }

  var pairs: [Supersessions.Pair] {
    let known = material.knownFacts.map { Statement($0) }
    let new = material.newFacts.map { Statement($0) }
    return known.indices.compactMap { place in
      // The last one holds now.
      guard let one = known[place],
        let newer = new.indices.last(where: { new[$0].map { $0.ends(one) } ?? false })
      else { return nil }
      return Supersessions.Pair(known: place, new: newer)
    }
  }
}

/// A statement of which the shape is known.
private struct Statement {
  let owner: [String]
  let shape: String
  let value: FactWording
  let isDenied: Bool

  init?(_ text: String) {
    var text = text
    while let last = text.last, last.isWhitespace || ".。!！".contains(last) { text.removeLast() }
    guard let found = StatementShapes.match(text) else { return nil }
    owner = TextAnalysis.terms(of: found.owner)
    shape = found.shape
    value = FactWording(subject: "", statement: found.value)
    isDenied = found.isDenied
  }

  func ends(_ other: Statement) -> Bool {
    guard owner == other.owner, shape == other.shape else { return false }
    let isOfSameValue = value.saysTheSame(as: other.value)
    return StatementShapes.ofMany.contains(shape)
      ? isOfSameValue && isDenied != other.isDenied : !isOfSameValue
  }
}
