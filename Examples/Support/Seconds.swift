extension Duration {
  /// In seconds, to the tenth: `12.3 s`.
  package var inSeconds: String {
    let milliseconds = Int64((self / .milliseconds(1)).rounded())
    return "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s"
  }
}
