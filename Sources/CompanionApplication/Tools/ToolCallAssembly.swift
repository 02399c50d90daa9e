import CompanionDomain
import CompanionPorts

/// Puts the calls of tools together that come in pieces.
struct ToolCallAssembly {
  private var calls: [Int: ToolCall] = [:]
  private var bytes = 0

  /// The most calls of one answer, and the most bytes of them together, that are taken.
  private static let maximumCalls = 1000
  private static let maximumBytes = 8 << 20

  /// Takes a piece.
  ///
  /// - Throws: `ProviderFailure` with `malformedResponse` for more than any model means.
  mutating func take(_ piece: ToolCallDelta) throws(ProviderFailure) {
    // Where it is: a call may come in very many pieces.
    let none = ToolCall(id: "", name: "", arguments: "")
    if let id = piece.id, !id.isEmpty { calls[piece.index, default: none].id = ModelCaller.storable(id) }
    if let name = piece.name, !name.isEmpty {
      calls[piece.index, default: none].name = ModelCaller.storable(name)
    }
    calls[piece.index, default: none].arguments += ModelCaller.storable(piece.arguments)
    bytes += piece.arguments.utf8.count
    guard calls.count <= Self.maximumCalls, bytes <= Self.maximumBytes else {
      throw ProviderFailure(.malformedResponse, message: "The answer calls more tools than any does.")
    }
  }

  /// The calls, in the model's order. Each has a name of its own: results are told apart by it.
  ///
  /// - Parameter earlier: the names of the calls that were made before.
  func all(besides earlier: Set<String>) -> [ToolCall] {
    var taken = earlier
    return calls.sorted { $0.key < $1.key }.map { place, call in
      var call = call
      var suffix = place
      while call.id.isEmpty || taken.contains(call.id) {
        call.id = "call_\(suffix)"
        suffix += Self.maximumCalls
      }
      taken.insert(call.id)
      return call
    }
  }

  var isEmpty: Bool { calls.isEmpty }
}
