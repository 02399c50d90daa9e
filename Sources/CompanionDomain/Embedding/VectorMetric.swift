/// How near two vectors are; more is nearer.
public enum VectorMetric: String, Hashable, Sendable, CaseIterable {
  /// The cosine of the angle between them, from -1 to 1; 0 where one of them is zero. How long they are does not
  /// matter.
  case cosine
  /// Their scalar product: the longer they are, the more.
  case dotProduct = "dot"
}

extension VectorMetric {
  /// What is rounded may be a little beyond what there is.
  package func bounded(_ score: Float) -> Float {
    switch self {
    case .cosine: min(1, max(-1, score))
    case .dotProduct: score
    }
  }
}
