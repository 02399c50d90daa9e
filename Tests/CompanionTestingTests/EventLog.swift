/// Lines in the order in which they were appended.
actor EventLog {
  private(set) var lines: [String] = []

  func append(_ line: String) { lines.append(line) }
}
