/// Makes one ranking of several, such as one by words and one by vectors, without knowing which is better.
///
/// 1. A score counts by how far it is above the lowest of its ranking, in standard deviations of the ranking's
///    scores: so the scale of a model's similarities, and how narrow their range is, do not matter.
/// 2. That is multiplied by how far the best of the ranking is above its mean, in the same measure: the best of
///    a ranking that has found what was meant stands out, and one that has not is flat, query by query.
/// 3. What a ranking lacks counts nothing; where it tells what it would give to that, its floor, half of what only
///    others have is part of its mean and deviation, so that one match among many is much, and not everything.
///
/// Ranks, as reciprocal rank fusion takes them, and scores stretched to 0 to 1 do not tell whether a best stands
/// out, and let a weak ranking spoil a strong one.
///
/// `companion-eval retrieval --embeddings` prints what each ranking finds, and what they find together. That can be
/// less than the better finds alone where the weaker errs in the same way, standing out as much: vectors that are
/// lexical are not fused, but come behind what words have found.
package struct RankFusion: Hashable, Sendable {
  /// How many of each ranking count, from the best. Most of them should be unrelated to the query, since it is
  /// among these that a best stands out: rankings should be as long, where that costs little.
  package var window: Int

  /// A ranking with a floor that is shorter than this is told of what it lacks.
  package static let leastSample = 100

  package init(window: Int = 200) { self.window = max(1, window) }

  /// A ranking, best first, and what it counts beside the others.
  package struct Leg<ID: Hashable & Comparable & Sendable>: Sendable {
    package var weight: Double
    /// What the ranking would give to what it lacks, such as 0 for texts without a word of the query; `nil` for
    /// unknown, as where something has no vector yet. It is never above the lowest score.
    package var floor: Double?
    package var items: [RankedItem<ID>]

    package init(weight: Double = 1, floor: Double? = nil, _ items: [RankedItem<ID>]) {
      self.weight = weight
      self.floor = floor
      self.items = items
    }
  }

  /// A ranking by words, and behind it what lexical vectors alone have found: words are the better judge of spelling,
  /// and vectors that know nothing else would spoil their ranking.
  ///
  /// - Parameter similarities: the highest first; what is not above 0 counts nothing. Cosines are what it is made for:
  ///   whatever is above 1 counts as 1.
  package static func extended<ID>(
    _ byWords: [RankedItem<ID>], by similarities: [RankedItem<ID>]
  ) -> [RankedItem<ID>] {
    let known = Set(byWords.map(\.id))
    let lowest = byWords.last?.score ?? 1
    let others = similarities.filter { $0.score > 0 && !known.contains($0.id) }
    return byWords + others.map { RankedItem(id: $0.id, score: lowest * min($0.score, 1)) }
  }

  /// Everything in the windows of the rankings, best first. An item that a ranking has twice counts where it
  /// has it first; scores that are no finite numbers count nothing, nor does a ranking that gives all the same.
  ///
  /// Complexity: n log n in the sizes of the windows.
  @specialized(where ID == RecallSource)
  @specialized(where ID == String)
  package func fused<ID>(_ legs: [Leg<ID>]) -> [RankedItem<ID>] {
    // Identifiers are compared once; all else goes by the places of the items.
    var places: [ID: Int] = [:]
    places.reserveCapacity(legs.reduce(0) { $0 + min(window, $1.items.count) })
    var ids: ContiguousArray<ID> = []
    let windows = legs.map { leg in
      var scores = PlacedScores()
      for item in leg.items.prefix(window) where item.score.isFinite {
        let place = places[item.id] ?? ids.count
        if place == ids.count {
          places[item.id] = place
          ids.append(item.id)
        }
        scores.insert(item.score, at: place)
      }
      return scores
    }
    var sums = ContiguousArray(repeating: 0.0, count: ids.count)
    for (leg, scores) in zip(legs, windows) {
      let missing = max(0, min(Self.leastSample, ids.count) - scores.values.count)
      guard let scale = LegScale(scores.values, floor: leg.floor, missing: missing) else { continue }
      for (place, score) in zip(scores.places, scores.values) { sums[place] += leg.weight * scale(score) }
    }
    return sums.indices
      .sorted { sums[$0] == sums[$1] ? ids[$0] < ids[$1] : sums[$0] > sums[$1] }
      .map { RankedItem(id: ids[$0], score: sums[$0]) }
  }
}

/// What a ranking gives to items, which go by their places among all.
private struct PlacedScores {
  private(set) var places: ContiguousArray<Int> = []
  private(set) var values: ContiguousArray<Double> = []
  private var isTaken: ContiguousArray<Bool> = []

  /// Takes a score in, unless its place has one.
  mutating func insert(_ score: Double, at place: Int) {
    while isTaken.count <= place { isTaken.append(false) }
    guard !isTaken[place] else { return }
    isTaken[place] = true
    places.append(place)
    values.append(score)
  }
}

/// What the scores of one ranking count.
private struct LegScale {
  private let lowest: Double
  private let range: Double
  /// What the best counts.
  private let most: Double

  /// `nil` where the scores say nothing: there are none, or all are the same.
  init?(_ scores: ContiguousArray<Double>, floor: Double?, missing: Int) {
    guard var lowest = scores.min(), let best = scores.max() else { return nil }
    var lacking = 0.0
    if let floor, floor.isFinite, missing > 0 {
      lowest = min(lowest, floor)
      lacking = Double(missing) / 2
    }
    // Of halves, so that the greatest numbers have a difference, too.
    let range = best / 2 - lowest / 2
    guard range > 0 else { return nil }
    let parts = scores.map { ($0 / 2 - lowest / 2) / range }
    let count = Double(parts.count) + lacking
    let mean = parts.reduce(0, +) / count
    let squares = parts.reduce(lacking * mean * mean) { $0 + ($1 - mean) * ($1 - mean) }
    guard squares > 0 else { return nil }
    self.lowest = lowest
    self.range = range
    // The best is 1 above the lowest: both factors have the deviation below.
    most = (1 - mean) / (squares / count)
  }

  func callAsFunction(_ score: Double) -> Double { most * ((score / 2 - lowest / 2) / range) }
}
