/// Which vectors a search may find.
///
/// Groups are looked up in a bitmap, and what the owner's own rule says is asked last, so that a search need ask only
/// for vectors that are near enough to matter.
struct VectorFilter {
  /// A bit for each group; `nil` allows all of them.
  private let groups: ContiguousArray<UInt64>?
  private let accepts: ((Int32) -> Bool)?

  init(groups allowed: Set<UInt32>?, accepts: ((Int32) -> Bool)?) {
    self.accepts = accepts
    guard let allowed else {
      groups = nil
      return
    }
    let known = allowed.filter { $0 <= VectorIndex.lastGroup }
    var groups = ContiguousArray<UInt64>(repeating: 0, count: known.max().map { Int($0) / 64 + 1 } ?? 0)
    for group in known { groups[Int(group) / 64] |= 1 << UInt64(group % 64) }
    self.groups = groups
  }

  /// Whether a row of a group may be found, as far as groups tell.
  func allows(_ group: UInt32) -> Bool {
    guard let groups else { return group != VectorIndex.noGroup }
    let word = Int(group / 64)
    return word < groups.count && groups[word] >> UInt64(group % 64) & 1 == 1
  }

  /// Whether the owner's rule accepts a slot.
  func accepts(_ slot: Int32) -> Bool { accepts?(slot) ?? true }
}
