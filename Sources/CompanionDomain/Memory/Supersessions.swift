/// What a model says about which known facts do not hold any more.
package struct Supersessions: Hashable, Sendable {
  /// A known fact, and the new one that takes its place, by their places from 0.
  package struct Pair: Hashable, Sendable {
    package var known: Int
    package var new: Int

    package init(known: Int, new: Int) {
      self.known = known
      self.new = new
    }
  }

  /// In the model's order; no known fact is there twice.
  package private(set) var pairs: [Pair]

  /// The name of the schema in a request.
  package static let schemaName = "supersessions"

  /// The JSON schema that the answer follows.
  package static let schema: JSONValue = [
    "type": "object",
    "additionalProperties": false,
    "required": ["supersessions"],
    "properties": [
      "supersessions": [
        "type": "array",
        "items": [
          "type": "object",
          "additionalProperties": false,
          "required": ["old", "new"],
          "properties": ["old": ["type": "integer"], "new": ["type": "integer"]],
        ],
      ]
    ],
  ]

  /// Reads an answer. Numbers of facts that are not there count for nothing.
  package init(answer: String, known: Int, new: Int) throws(MemoryAnswerFailure) {
    guard let found = JSONInText.values(in: answer).lazy.compactMap(Self.list).first else {
      throw .noList(of: Self.schemaName)
    }
    var seen: Set<Int> = []
    pairs = found.compactMap { json in
      guard let old = json["old"]?.number.flatMap({ Int(exactly: $0) }),
        let newer = json["new"]?.number.flatMap({ Int(exactly: $0) }),
        old > 0, old <= known, newer > 0, newer <= new, seen.insert(old).inserted
      else { return nil }
      return Pair(known: old - 1, new: newer - 1)
    }
  }

  /// The answer that gives these pairs, as a model that follows the schema gives it.
  package static func answer(_ pairs: [Pair]) -> JSONValue {
    [
      "supersessions": .array(
        pairs.map { ["old": .integer(Int64($0.known) + 1), "new": .integer(Int64($0.new) + 1)] })
    ]
  }

  private static func list(_ value: JSONValue) -> [JSONValue]? {
    if let list = value[schemaName]?.array { return list }
    if value["old"] != nil, value["new"] != nil { return [value] }
    guard let list = value.array, list.allSatisfy({ $0["old"] != nil }) else { return nil }
    return list
  }
}
