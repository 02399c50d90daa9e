import CompanionDomain
import CompanionPorts

/// Documents that a search has gathered, each once, and what they have of the query's terms.
struct GatheredDocuments {
  private(set) var numbers: ContiguousArray<Int32> = []
  private(set) var entries: ContiguousArray<DocumentBlocks.Entry> = []
  /// The place of each document by its number; -1 for none.
  private var places: ContiguousArray<Int32>
  /// Of each document, of each term.
  private var frequencies: ContiguousArray<Int> = []
  private var terms = 0

  /// - Parameter limit: all numbers are below.
  init(limit: Int) { places = ContiguousArray(repeating: -1, count: limit) }

  /// Adds a document, unless it is there.
  mutating func add(
    _ number: Int32, _ names: inout SourceNames
  ) throws(StoreFailure) -> DocumentBlocks.Entry {
    guard Int(number) < places.count else { throw IndexReader.damage }
    let place = Int(places[Int(number)])
    if place >= 0 { return entries[place] }
    let entry = try names.entry(number)
    places[Int(number)] = Int32(entries.count)
    numbers.append(number)
    entries.append(entry)
    return entry
  }

  /// Adds the neighbours of a document in its session, unless they are there.
  mutating func addNeighbours(
    of entry: DocumentBlocks.Entry, _ names: inout SourceNames
  ) throws(StoreFailure) {
    if let before = entry.before { _ = try add(before, &names) }
    if let after = entry.after { _ = try add(after, &names) }
  }

  /// Counts what all of them have of terms.
  mutating func count(_ lists: [PostingList]) {
    terms = lists.count
    frequencies = ContiguousArray(repeating: 0, count: numbers.count * terms)
    for (position, list) in lists.enumerated() {
      if numbers.count * 16 < list.count {
        for place in numbers.indices {
          frequencies[place * terms + position] = list.frequency(in: numbers[place])
        }
        continue
      }
      let listed = list.documents
      let listedFrequencies = list.frequencies
      for index in listed.indices {
        let place = Int(places[Int(listed[index])])
        if place >= 0 { frequencies[place * terms + position] = Int(listedFrequencies[index]) }
      }
    }
  }

  /// What a document has.
  func counts(at place: Int) -> TermCounts {
    TermCounts(
      frequencies: Array(frequencies[place * terms..<(place + 1) * terms]),
      length: Int(entries[place].length))
  }

  /// What a document and its neighbours have, which are all here.
  func windowCounts(at place: Int) -> TermCounts {
    var counts = counts(at: place)
    add(entries[place].before, to: &counts)
    add(entries[place].after, to: &counts)
    return counts
  }

  private func add(_ neighbour: Int32?, to counts: inout TermCounts) {
    guard let neighbour else { return }
    let place = Int(places[Int(neighbour)])
    guard place >= 0 else { return }
    counts.length += Int(entries[place].length)
    let start = place * terms
    for position in 0..<terms { counts.frequencies[position] += frequencies[start + position] }
  }
}
