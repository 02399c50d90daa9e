extension Duration {
  /// In seconds, to the tenth: `12.3 s`.
  package var inSeconds: String {
    let milliseconds = Int64((self / .milliseconds(1)).rounded())
    return "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s"
  }

  /// As a person says it: `12 s`, `4 min`, `3 h`.
  package var spoken: String {
    let seconds = (self / .seconds(1)).rounded(.up)
    if seconds < 120 { return "\(Int(seconds)) s" }
    return seconds < 7_200
      ? "\(Int((seconds / 60).rounded(.up))) min" : "\(Int((seconds / 3_600).rounded(.up))) h"
  }
}
