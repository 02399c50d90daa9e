public import FoundationEssentials

/// One event of a stream of server-sent events.
public struct ServerSentEvent: Hashable, Sendable {
  /// The event's type; `message` where the server names none.
  public var type: String
  /// The lines of its data, joined by line feeds, as bytes.
  public var data: Data
  /// The last identifier that the stream has set, with this event or before; empty where there is none.
  public var lastEventID: String

  /// An event of these parts.
  public init(type: String = "message", data: Data, lastEventID: String = "") {
    self.type = type
    self.data = data
    self.lastEventID = lastEventID
  }
}

/// Why a stream of server-sent events cannot be read on.
@nonexhaustive
public enum ServerSentEventFailure: Error, Hashable, Sendable {
  /// An event is longer than so many bytes.
  case tooLong(limit: Int)
}
