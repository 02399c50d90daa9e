import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// A state's value, and the version of it that is stored.
struct Versioned<Value: Codable & Sendable>: Sendable {
  var value: Value
  /// 0 for one that is not stored yet.
  var version: Int64

  /// The state with its next value, as a change.
  ///
  /// - Throws: `StoreFailure.invalid` for what cannot be encoded.
  func putting(_ next: Value, as key: StateKey, at time: Timestamp) throws(StoreFailure) -> ChangeSet.Change {
    .putState(try record(of: next, as: key, at: time))
  }

  /// The state with its next value.
  ///
  /// - Throws: `StoreFailure.invalid` for what cannot be encoded.
  func record(of next: Value, as key: StateKey, at time: Timestamp) throws(StoreFailure) -> StateRecord {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(next) else {
      throw .invalid("the state \(key.kind) \(key.name) is no JSON")
    }
    return StateRecord(
      key: key, version: version + 1, updatedAt: time, json: String(decoding: json, as: UTF8.self))
  }

  init(value: Value, version: Int64) {
    self.value = value
    self.version = version
  }

  /// - Throws: `StoreFailure.corrupt` for what is not such a value.
  init(_ record: StateRecord) throws(StoreFailure) {
    guard let value = try? JSONDecoder().decode(Value.self, from: Data(record.json.utf8)) else {
      throw .corrupt("the state \(record.key.kind) \(record.key.name) is none of this version of the library")
    }
    self.init(value: value, version: record.version)
  }
}

extension StateStore {
  /// A state's value; `nil` for none.
  func value<Value: Codable & Sendable>(
    _ key: StateKey, of _: Value.Type = Value.self
  ) async throws(StoreFailure) -> Versioned<Value>? {
    guard let record = try await state(key) else { return nil }
    return try Versioned(record)
  }

  /// The values of all states of an owner and a kind, by their names.
  func values<Value: Codable & Sendable>(
    of owner: StateOwner, _ kind: StateKind, as _: Value.Type = Value.self
  ) async throws(StoreFailure) -> [Versioned<Value>] {
    var values: [Versioned<Value>] = []
    var last: StateName?
    repeat {
      let page = try await states(of: owner, kind, after: last, limit: 100)
      for record in page { values.append(try Versioned(record)) }
      last = page.count < 100 ? nil : page.last?.key.name
    } while last != nil
    return values
  }
}
