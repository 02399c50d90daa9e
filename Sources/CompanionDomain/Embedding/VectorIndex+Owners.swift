extension VectorIndex {
  /// What is nearest to a vector, where several vectors may belong to one thing: each once, by its nearest, with how
  /// near that is.
  ///
  /// Complexity: that of ``nearest(to:count:candidates:metric:in:where:)``, a few times where most vectors are of few
  /// things.
  ///
  /// - Parameters:
  ///   - query: as many finite numbers as the vectors have.
  ///   - groups: restricts what is found to vectors of these groups.
  ///   - metric: how near two vectors are.
  ///   - limit: how many things are wanted; there are fewer only where fewer may be found.
  ///   - accepts: restricts it to things that a rule accepts, as the search for vectors does. It is asked again for
  ///     each vector.
  ///   - owner: what the vector at a slot belongs to.
  package func nearestOwners<Owner: Hashable>(
    to query: [Float], groups: Set<UInt32>, by metric: VectorMetric = .cosine, limit: Int,
    where accepts: ((Owner) -> Bool)? = nil, owner: @escaping (Int32) -> Owner?
  ) throws(VectorFailure) -> [(owner: Owner, score: Float)] {
    var count = limit
    while true {
      let matches = try nearest(
        to: query, count: count, metric: metric, in: groups,
        where: accepts.map { accepts in { slot in owner(slot).map(accepts) ?? false } })
      let found = Self.owners(of: matches, by: metric, limit: limit, owner)
      // Fewer than were asked for: there are no more.
      if found.count >= limit || matches.count < count { return found }
      count = count.saturatingSum(max(count, 1))
    }
  }

  /// The same of the vectors at some slots, each of which is compared. Complexity: the numbers of those vectors.
  package func nearestOwners<Owner: Hashable>(
    to query: [Float], among slots: [Int32], by metric: VectorMetric, limit: Int, owner: (Int32) -> Owner?
  ) throws(VectorFailure) -> [(owner: Owner, score: Float)] {
    Self.owners(
      of: try nearest(to: query, among: slots, metric: metric), by: metric, limit: limit, owner)
  }

  /// What matches belong to, each once, where it comes first.
  private static func owners<Owner: Hashable>(
    of matches: [VectorMatch], by metric: VectorMetric, limit: Int, _ owner: (Int32) -> Owner?
  ) -> [(owner: Owner, score: Float)] {
    var found: [(owner: Owner, score: Float)] = []
    var seen: Set<Owner> = []
    for match in matches where found.count < limit {
      guard let owner = owner(match.slot), seen.insert(owner).inserted else { continue }
      found.append((owner, metric.bounded(match.score)))
    }
    return found
  }
}
