extension VectorIndex {
  /// What is nearest to a vector, where several vectors may belong to one thing: each once, by its nearest, with the
  /// cosine of the angle between the two, from -1 to 1.
  ///
  /// Complexity: that of ``nearest(to:count:candidates:metric:in:where:)``, a few times where most vectors are of few
  /// things.
  ///
  /// - Parameters:
  ///   - query: as many finite numbers as the vectors have.
  ///   - groups: restricts what is found to vectors of these groups.
  ///   - limit: how many things are wanted; there are fewer only where fewer may be found.
  ///   - owner: what the vector at a slot belongs to.
  package func nearestOwners<Owner: Hashable>(
    to query: [Float], groups: Set<UInt32>, limit: Int, owner: (Int32) -> Owner?
  ) throws(VectorFailure) -> [(owner: Owner, score: Float)] {
    var count = limit
    while true {
      let matches = try nearest(to: query, count: count, in: groups)
      var found: [(owner: Owner, score: Float)] = []
      var seen: Set<Owner> = []
      for match in matches where found.count < limit {
        guard let owner = owner(match.slot), seen.insert(owner).inserted else { continue }
        // What is rounded may be a little beyond.
        found.append((owner, min(1, max(-1, match.score))))
      }
      // Fewer than were asked for: there are no more.
      if found.count >= limit || matches.count < count { return found }
      count = count.saturatingSum(max(count, 1))
    }
  }
}
