/// How much the tools of a workspace read, write and tell at once.
public struct WorkspaceFileLimits: Hashable, Sendable {
  /// The most bytes of a file that is read or edited.
  public var readBytes = 4 << 20
  /// The most bytes of a file that is written.
  public var writeBytes = 1 << 20
  /// The most bytes of what one call tells, but for a note about what is left out.
  public var outputBytes = 48 << 10
  /// The most entries that one call lists.
  public var listedEntries = 1_000
  /// The most entries of a folder that are looked at.
  public var folderEntries = 10_000
  /// The most folders inside each other that are gone into.
  public var depth = 24
  /// The most files that one search opens.
  public var searchedFiles = 20_000
  /// The most bytes that one search reads.
  public var searchedBytes = 256 << 20
  /// The most lines that one search finds.
  public var matches = 200
  /// How long a search or a listing goes on.
  public var searchTime = Duration.seconds(20)

  /// Limits that suit a folder of notes as well as the sources of a program.
  public init() {}
}
