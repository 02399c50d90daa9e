import CVectorKernels

extension VectorIndex {
  /// The vectors nearest to another, best first, and of equally near ones by their slots.
  ///
  /// Where few vectors may be found, some 5,000 of 384 numbers, each is compared, and the answer is exact. Where
  /// many may, those whose bits have the most in common with the query's are looked at more closely, still by their
  /// bits; and those that are nearest by that, the candidates, are compared. Their scores are exact, and a near
  /// vector is missed now and then.
  ///
  /// Complexity: a bit of each number, and the numbers of the candidates.
  ///
  /// - Parameters:
  ///   - query: as many finite numbers as the vectors have.
  ///   - count: how many are wanted; there are fewer only where fewer may be found.
  ///   - candidates: how many are compared, at least `count`; `nil` for as many as have proven good for the size of the
  ///     index. More miss less.
  ///   - groups: restricts what is found to vectors of these groups.
  ///   - accepts: restricts it by the owner's own rule, by slot. It is asked for those vectors that are near enough to
  ///     matter, not for all; a vector that it rejects takes no other's place.
  package func nearest(
    to query: [Float], count: Int, candidates: Int? = nil, metric: VectorMetric = .cosine,
    in groups: Set<UInt32>? = nil, where accepts: ((Int32) -> Bool)? = nil
  ) throws(VectorFailure) -> [VectorMatch] {
    let row = try checked(query)
    guard count > 0 else { return [] }
    let allowed = groups.map { $0.reduce(0) { $0 + (groupCounts[$1] ?? 0) } } ?? self.count
    let search = Search(
      row: row, all: allowed == Int(slots), metric: metric,
      filter: VectorFilter(groups: groups, accepts: accepts),
      best: BestMatches(min(count, allowed)))
    // Of as many as are wanted the last ones are easily missed.
    let compared = max(count.saturatingSum(count), candidates ?? Self.candidates(among: allowed))
    guard let centre, allowed > compared, allowed * dimension > exactNumbers else {
      return exactly(search)
    }
    return roughly(
      search, centre, chosen: min(allowed, max(Self.breadth * compared, allowed / 250)), compared)
  }

  /// The vectors nearest to another, each compared: what a search is measured by.
  package func exactlyNearest(
    to query: [Float], count: Int, metric: VectorMetric = .cosine
  ) throws(VectorFailure) -> [VectorMatch] {
    try nearest(to: query, count: count, candidates: .max, metric: metric)
  }

  /// For each vector that is compared, so many are looked at closely by their bits.
  ///
  /// Measured on 23,500 vectors of all-MiniLM-L6-v2, 200 compared: 99.9 % of the ten nearest with 8, 99.97 % with 16,
  /// which takes a third longer.
  static let breadth = 8

  /// How many candidates are compared where nobody says.
  static func candidates(among count: Int) -> Int {
    max(200, Int(0.4 * Double(count).squareRoot()))
  }

  /// What is looked for, and what has been found.
  private struct Search {
    let row: VectorRow
    /// Whether there is neither a free slot nor a group that may not be found.
    let all: Bool
    let metric: VectorMetric
    let filter: VectorFilter
    var best: BestMatches

    /// How near a row is, by its product with the query.
    func match(_ product: Float, inverseLength: Float, at slot: Int32) -> VectorMatch {
      switch metric {
      case .dotProduct: VectorMatch(slot: slot, score: product)
      case .cosine:
        VectorMatch(slot: slot, score: product * inverseLength * row.inverseLength)
      }
    }
  }

  // MARK: Each compared

  /// Vectors at some slots, the nearest to another first, and of equally near ones by their slots; free slots are left
  /// out. Complexity: the numbers of those vectors.
  ///
  /// - Parameter query: as many finite numbers as the vectors have.
  package func nearest(
    to query: [Float], among slots: [Int32], metric: VectorMetric = .cosine
  ) throws(VectorFailure) -> [VectorMatch] {
    let row = try checked(query)
    var search = Search(
      row: row, all: false, metric: metric, filter: VectorFilter(groups: nil, accepts: nil),
      best: BestMatches(slots.count))
    for slot in slots where group(at: slot) != nil { search.best.keep(match(at: slot, for: search)) }
    return search.best.sorted()
  }

  private func checked(_ query: [Float]) throws(VectorFailure) -> VectorRow {
    guard query.count == dimension else { throw .wrongDimension(query.count, expected: dimension) }
    var row = VectorRow(shape)
    guard query.withUnsafeBufferPointer({ $0.baseAddress.map { row.take($0, kernels) } ?? false }) else {
      throw .unusableNumbers(place: 0)
    }
    return row
  }

  private func match(at slot: Int32, for search: Search) -> VectorMatch {
    let page = Int(slot) / VectorPage.capacity
    let row = Int(slot) % VectorPage.capacity
    var product: Float = 0
    kernels.products(of: pages[page].numbers, from: row, count: 1, with: search.row.numbers, into: &product)
    return search.match(product, inverseLength: pages[page].inverseLengths[row], at: slot)
  }

  private func exactly(_ given: Search) -> [VectorMatch] {
    var search = given
    withUnsafeTemporaryAllocation(of: Float.self, capacity: VectorPage.capacity) { products in
      guard let start = products.baseAddress else { return }
      for number in pages.indices {
        let first = Int32(number * VectorPage.capacity)
        let page = pages[number]
        if search.all {
          kernels.products(of: page.numbers, count: page.count, with: search.row.numbers, into: start)
        }
        for place in 0..<page.count {
          if !search.all {
            guard search.filter.allows(page.groups[place]) else { continue }
            // One by one: few may be found, or few are missing.
            kernels.products(
              of: page.numbers, from: place, count: 1, with: search.row.numbers, into: start + place)
          }
          let match = search.match(
            start[place], inverseLength: page.inverseLengths[place], at: first + Int32(place))
          guard search.best.wouldKeep(match), search.all || search.filter.allows(page.groups[place]) else {
            continue
          }
          if search.filter.accepts(match.slot) { search.best.keep(match) }
        }
      }
    }
    return search.best.sorted()
  }

  // MARK: Candidates by their bits

  private func roughly(
    _ given: Search, _ centre: VectorCentre, chosen: Int, _ compared: Int
  ) -> [VectorMatch] {
    var search = given
    let estimate = VectorEstimate(of: search.row, centre)
    let slots = nearest(compared, of: nearest(chosen, by: estimate, search), by: estimate, search.metric)
    for (place, slot) in slots.enumerated() {
      if place + Self.ahead < slots.count {
        let next = Int(slots[place + Self.ahead])
        pages[next / VectorPage.capacity].prefetch(next % VectorPage.capacity, shape)
      }
      search.best.keep(match(at: slot, for: search))
    }
    return search.best.sorted()
  }

  /// So many rows ahead memory is asked for.
  private static let ahead = 8

  /// The rows whose bits have the most in common with the query's.
  private func nearest(_ count: Int, by estimate: VectorEstimate, _ search: Search) -> ContiguousArray<Int32>
  {
    let isByLength = search.metric == .dotProduct && lengths.least < 0.98 * lengths.most
    var nearest = NearestRows(count, farthest: isByLength ? dimension * Self.steps : dimension)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: VectorPage.capacity) { buffer in
      // A page's parts are named one by one: to hold all of it is to count a reference to each, in memory that is
      // not cached.
      for number in pages.indices {
        let first = number * VectorPage.capacity
        let rows = kernels.rows(
          of: pages[number].bits, count: min(VectorPage.capacity, Int(slots) - first),
          within: isByLength ? dimension + 1 : nearest.bound,
          of: estimate.bits, into: buffer)
        for row in rows {
          let place = Int(row & 0xffff)
          var distance = Int(row >> 16)
          if isByLength { distance = self.distance(distance, byLength: pages[number].inverseLengths[place]) }
          guard distance < nearest.bound else { continue }
          guard search.all || search.filter.allows(pages[number].groups[place]) else { continue }
          let slot = Int32(first + place)
          if search.filter.accepts(slot) { nearest.consider(slot, distance: distance) }
        }
      }
    }
    return nearest.slots()
  }

  /// So many times as fine is what is weighed by a length: one vector may be much longer than all others.
  private static let steps = 64

  /// For products, the shorter a vector is the less its direction counts, for or against it.
  private func distance(_ distance: Int, byLength inverse: Float) -> Int {
    let half = Float(dimension) / 2
    return Int((half - (half - Float(distance)) * share(ofLongest: inverse)) * Float(Self.steps))
  }

  /// Those of rows that are nearest to the query by what their bits tell.
  private func nearest(
    _ count: Int, of slots: ContiguousArray<Int32>, by estimate: VectorEstimate, _ metric: VectorMetric
  ) -> ContiguousArray<Int32> {
    // Estimates are far less precise than so many steps.
    let steps: Float = metric == .dotProduct ? 1024 * Float(Self.steps) : 1024
    var nearest = NearestRows(count, farthest: 2 * Int(steps))
    let places = slots.map { UInt32($0) % UInt32(VectorPage.capacity) }
    places.withUnsafeBufferPointer { places in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: VectorPage.capacity) { cosines in
        guard let scores = cosines.baseAddress else { return }
        var start = 0
        while start < slots.count {
          let number = Int(slots[start]) / VectorPage.capacity
          var end = start + 1
          while end < slots.count, Int(slots[end]) / VectorPage.capacity == number { end += 1 }
          estimate.cosines(
            places[start..<end], of: pages[number].bits, pages[number].summaries, into: scores)
          for place in start..<end {
            var score = scores[place - start]
            if metric == .dotProduct {
              score *= share(ofLongest: pages[number].inverseLengths[Int(places[place])])
            }
            nearest.consider(slots[place], distance: Int((1 - max(-1, min(score, 1))) * steps))
          }
          start = end
        }
      }
    }
    return nearest.slots()
  }

  /// How long a vector is, the longest being 1.
  private func share(ofLongest inverse: Float) -> Float {
    inverse > 0 ? min(1, 1 / (inverse * lengths.most)) : 0
  }
}
