/// What is wrong with a file, and where.
package struct FileProblem: Error, CustomStringConvertible {
  package let file: String
  /// From 1; `nil` for the file as a whole.
  package let line: Int?
  package let problem: String

  package init(file: String, line: Int? = nil, problem: String) {
    self.file = file
    self.line = line
    self.problem = problem
  }

  package var description: String { line.map { "\(file), line \($0): \(problem)" } ?? "\(file): \(problem)" }
}
