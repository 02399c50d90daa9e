/// How conversations are kept in memory.
public struct SessionConfiguration: Sendable {
  /// How long a conversation in which nothing happens stays in memory. Its next message reads it again. At least a
  /// second.
  public var idleTime = Duration.seconds(600)
  /// How many conversations are kept in memory; of more, those in which nothing has happened for longest go. One that
  /// is being answered stays. At least 1.
  public var maximumOpen = 1_000

  /// The defaults.
  public init() {}

  /// The configuration within the bounds that its properties name.
  var bounded: SessionConfiguration {
    var bounded = self
    bounded.idleTime = max(idleTime, .seconds(1))
    bounded.maximumOpen = max(maximumOpen, 1)
    return bounded
  }
}
