import CompanionPorts
import FoundationEssentials

/// JSON text in columns.
enum Coding {
  private static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    // Sorted, so that the same is stored alike, and a plain text can be told by what stands around it.
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }()
  private static let decoder = JSONDecoder()

  static func encode(_ value: some Encodable) throws(StoreFailure) -> Data {
    do { return try encoder.encode(value) } catch { throw .invalid("\(type(of: value)) has no JSON form") }
  }

  static func decode<Value: Decodable>(_ json: Data) throws(StoreFailure) -> Value {
    do { return try decoder.decode(Value.self, from: json) } catch {
      throw .corrupt("a stored \(Value.self) cannot be read")
    }
  }
}
