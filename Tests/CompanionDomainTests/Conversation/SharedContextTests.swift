import CompanionDomain
import FoundationEssentials
import Testing

struct SharedContextTests {
  private static let time = Timestamp(nanosecondsSinceEpoch: 1_000)
  private static let keys = ["a", "b"]
  private static let owners: [SharedContext.Owner] = [.host, .person]

  /// What is known of each key, by the rules as they are written down.
  private struct Model {
    var owners: [String: SharedContext.Owner] = [:]
    var changes: [String: Int64] = [:]
    var version: Int64 = 0

    func takes(_ key: String, by owner: SharedContext.Owner, seen: Int64?) -> Bool {
      if let seen { return seen >= changes[key, default: 0] && seen <= version }
      return owners[key] == nil || owners[key] == owner
    }

    mutating func apply(_ key: String, by owner: SharedContext.Owner, isRemoval: Bool) {
      version += 1
      if !isRemoval || owners[key] != nil { changes[key] = version }
      owners[key] = isRemoval ? nil : owner
    }
  }

  private static func update(
    _ key: String, by owner: SharedContext.Owner, isRemoval: Bool, seen: Int64?
  ) -> ContextUpdate {
    isRemoval
      ? ContextUpdate([:], removing: [key], by: owner, seen: seen)
      : ContextUpdate([key: "x"], by: owner, seen: seen)
  }

  private static func applied(_ update: ContextUpdate, to context: SharedContext) -> SharedContext? {
    try? context.applying(update, at: time)
  }

  @Test func `in every order of writes and removals, what was not seen is not changed`() {
    var count = 0
    func check(_ context: SharedContext, _ model: Model, depth: Int) {
      for key in Self.keys {
        for owner in Self.owners {
          for isRemoval in [false, true] {
            for seen in [nil] + (0...model.version + 1).map(Optional.some) {
              let update = Self.update(key, by: owner, isRemoval: isRemoval, seen: seen)
              let next = Self.applied(update, to: context)
              count += 1
              guard (next != nil) == model.takes(key, by: owner, seen: seen) else {
                Issue.record("\(key) by \(owner), seen \(seen ?? -1), in \(context)")
                return
              }
              guard let next, depth > 1 else { continue }
              var expected = model
              expected.apply(key, by: owner, isRemoval: isRemoval)
              #expect(next.version == expected.version && (next[key] == nil) == isRemoval)
              check(next, expected, depth: depth - 1)
            }
          }
        }
      }
    }
    check(SharedContext(), Model(), depth: 4)
    #expect(count > 10_000)
  }

  @Test func `of more removals than are noted one by one, none is overlooked`() throws {
    var context = SharedContext()
    var model = Model()
    let keys = (0..<300).map { "key \($0)" }
    for key in keys {
      for isRemoval in [false, true] {
        let update = Self.update(key, by: .host, isRemoval: isRemoval, seen: nil)
        context = try context.applying(update, at: Self.time)
        model.apply(key, by: .host, isRemoval: isRemoval)
      }
    }
    for key in keys {
      for seen in [0, 1, 150, 399, 400, 401, 450, 599, 600] as [Int64] {
        let isTaken =
          Self.applied(Self.update(key, by: .person, isRemoval: false, seen: seen), to: context) != nil
        if isTaken { #expect(model.takes(key, by: .person, seen: seen)) }
        if seen == context.version { #expect(isTaken) }
      }
    }
    // Of the newest it is known which they were.
    let newest = Self.update("key 299", by: .person, isRemoval: false, seen: 599)
    #expect(throws: ContextRefusal.removed(key: "key 299", version: 600)) {
      try context.applying(newest, at: Self.time)
    }
    let other = Self.update("key 200", by: .person, isRemoval: false, seen: 599)
    #expect(Self.applied(other, to: context)?["key 200"]?.owner == .person)
  }

  @Test func `an update is all or nothing, and of two changes in it the later one counts`() throws {
    let context = try SharedContext().applying(["a": "1"], at: Self.time)
    let both = ContextUpdate(["b": "1", "a": "2"], by: .person)
    #expect(throws: ContextRefusal.moved(key: "a", owner: .host, version: 1)) {
      try context.applying(both, at: Self.time)
    }
    let anew = try context.applying(ContextUpdate(["a": "2", "a": "3"], removing: ["a"]), at: Self.time)
    #expect(anew["a"]?.text == "3" && anew.entries.count == 1 && anew.version == 2)
    // It was written, not removed.
    #expect(throws: ContextRefusal.moved(key: "a", owner: .host, version: 2)) {
      try anew.applying(ContextUpdate(["a": "4"], seen: 1), at: Self.time)
    }
  }

  @Test func `when its conversation is forgotten in part, nobody who saw it before changes anything`() throws
  {
    var context = SharedContext()
    #expect(context.withoutWords == context)
    for (key, isRemoval) in [("a", false), ("b", false), ("b", true)] {
      let update = Self.update(key, by: .host, isRemoval: isRemoval, seen: nil)
      context = try context.applying(update, at: Self.time)
    }
    var left = context.withoutWords
    #expect(left.entries.isEmpty && left.version == 4 && left.withoutWords == left)
    let json = String(decoding: try JSONEncoder().encode(left), as: UTF8.self)
    #expect(!json.contains(#""a""#) && !json.contains(#""b""#))
    for grown in 0..<6 {
      for key in ["a", "b", "c"] {
        for seen in 0...context.version {
          let update = Self.update(key, by: .host, isRemoval: false, seen: seen)
          #expect(Self.applied(update, to: left) == nil, "\(key), seen \(seen)")
        }
        let update = Self.update(key, by: .host, isRemoval: false, seen: left.version)
        #expect(Self.applied(update, to: left) != nil)
      }
      left = try left.applying(["other \(grown)": "x"], at: Self.time)
    }
  }

  @Test func `it is decoded as it was encoded, also where removals were not noted yet`() throws {
    var context = try SharedContext().applying(["a": "1", "b": "2"], at: Self.time)
    context = try context.applying(ContextUpdate([:], removing: ["b"]), at: Self.time)
    let json = try JSONEncoder().encode(context)
    #expect(try JSONDecoder().decode(SharedContext.self, from: json) == context)
    let old = try JSONDecoder().decode(
      SharedContext.self, from: Data(#"{"version": 3, "entries": []}"#.utf8))
    #expect(old.version == 3 && Self.applied(ContextUpdate(["b": "3"], seen: 0), to: old) != nil)
  }

  @Test func `a refusal says what happened, and what to do`() {
    for refusal in [
      ContextRefusal.moved(key: "a", owner: .host, version: 1), .removed(key: "a", version: 1),
      .invalid(key: "a"), .tooManyEntries,
    ] {
      #expect(refusal.description.hasSuffix(".") && refusal.description.count > 30)
    }
  }
}
