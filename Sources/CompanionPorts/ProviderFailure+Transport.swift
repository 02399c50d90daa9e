public import CompanionDomain

extension ProviderFailure {
  /// What a failure of the network means for the request that it hit.
  ///
  /// - Parameter isStreaming: whether a part of the answer had come; a lost connection has then cut it.
  public init(_ failure: TransportFailure, isStreaming: Bool = false) {
    let kind: Kind =
      switch failure.kind {
      case .unreachable: .unreachable
      case .connectionLost: isStreaming ? .streamCut : .connectionLost
      case .invalidResponse: .malformedResponse
      case .timedOut: .timedOut
      case .cancelled: .cancelled
      }
    self.init(kind, message: failure.message)
  }
}
