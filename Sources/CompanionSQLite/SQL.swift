/// The text of a statement that is run often, made once.
///
/// A connection finds what it has prepared by this object, at a tenth of what comparing the text takes.
final class SQL: Sendable {
  let text: String

  init(_ text: String) { self.text = text }
}

extension SQL {
  static let begin = SQL("BEGIN IMMEDIATE")
  static let commit = SQL("COMMIT")
  static let savepoint = SQL("SAVEPOINT write_of_group")
  static let rollBackToSavepoint = SQL("ROLLBACK TO write_of_group")
  static let release = SQL("RELEASE write_of_group")
  static let dataVersion = SQL("PRAGMA data_version")
}
