/// Finds a sequence of bytes in others, by the method of Knuth, Morris and Pratt.
///
/// Complexity: linear in the length of what is searched, whatever is looked for.
struct ByteSearch {
  private let needle: [UInt8]
  /// For each place of the needle, the length of its longest beginning that ends there, too.
  private let borders: [Int]

  /// `nil` for no bytes.
  init?(_ needle: [UInt8]) {
    guard !needle.isEmpty else { return nil }
    self.needle = needle
    var borders = [0]
    var length = 0
    for byte in needle.dropFirst() {
      while length > 0, needle[length] != byte { length = borders[length - 1] }
      if needle[length] == byte { length += 1 }
      borders.append(length)
    }
    self.borders = borders
  }

  /// The places at which it begins, in order and apart from each other.
  ///
  /// - Parameter limit: the most places that are looked for.
  func places(in bytes: some Collection<UInt8>, limit: Int = .max) -> [Int] {
    var places: [Int] = []
    var length = 0
    var end = 0
    for byte in bytes {
      end += 1
      while length > 0, needle[length] != byte { length = borders[length - 1] }
      if needle[length] == byte { length += 1 }
      guard length == needle.count else { continue }
      places.append(end - length)
      if places.count >= limit { break }
      length = 0
    }
    return places
  }
}
