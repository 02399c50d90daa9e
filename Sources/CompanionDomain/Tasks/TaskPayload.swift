import FoundationEssentials

/// What a handler is given: JSON, and the version of its form, so that a task outlives an update of the app.
public struct TaskPayload: Hashable, Sendable, Codable {
  /// The version of the form, from 1. The host raises it when the form changes.
  public var version: Int
  /// The JSON.
  public var json: String

  /// A payload that is JSON already.
  public init(json: String, version: Int = 1) {
    self.version = version
    self.json = json
  }

  /// Encodes a value as JSON, with its keys in order, so that equal values give equal payloads.
  ///
  /// - Throws: what the encoder throws.
  public init(_ value: some Encodable, version: Int = 1) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    self.init(json: String(decoding: try encoder.encode(value), as: UTF8.self), version: version)
  }

  /// The value that was encoded.
  ///
  /// - Throws: ``TaskFailure/undecodable(_:)``.
  public func decode<Value: Decodable>(_: Value.Type = Value.self) throws(TaskFailure) -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(json.utf8))
    } catch {
      throw .undecodable("the payload is no \(Value.self)")
    }
  }
}
