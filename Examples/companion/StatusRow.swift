import ExampleSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The terminal's last row, where the progress of background work is shown.
///
/// The rest of the terminal scrolls above it, so that nothing tears the line that a person is typing. The
/// row is there only while there is something to show. A terminal that knows no control sequences has none.
struct StatusRow {
  private let isSupported: Bool
  private var isShown = false
  private var text = ""
  /// Which row it was last drawn in.
  private var drawnRow = 0

  init() {
    let terminal = unsafe getenv("TERM").map { unsafe String(cString: $0) } ?? ""
    isSupported = isatty(STDOUT_FILENO) == 1 && !terminal.isEmpty && terminal != "dumb"
  }

  /// What to write so that the row shows a text.
  mutating func show(_ text: String) -> String {
    guard isSupported, let size = Self.size, size.rows > 4 else { return "" }
    self.text = text.singleLine.withoutControls
    let setUp = isShown ? "" : Self.reserve(size)
    isShown = true
    drawnRow = size.rows
    return setUp + draw(size)
  }

  /// What to write so that the row is the terminal's again.
  mutating func hide() -> String {
    guard isShown else { return "" }
    isShown = false
    guard let size = Self.size else { return "" }
    return "\u{1B}7\u{1B}[r\u{1B}[\(size.rows);1H\u{1B}[2K\u{1B}8"
  }

  /// What to write after the terminal's size has changed.
  mutating func resize() -> String {
    guard isShown, let size = Self.size else { return "" }
    // What was the last row may now lie in the middle of the screen.
    let erased = drawnRow < size.rows ? "\u{1B}[\(drawnRow);1H\u{1B}[2K" : ""
    drawnRow = size.rows
    return "\u{1B}7\u{1B}[1;\(size.rows - 1)r\(erased)\u{1B}8" + draw(size)
  }

  private func draw(_ size: (rows: Int, columns: Int)) -> String {
    "\u{1B}7\u{1B}[\(size.rows);1H\u{1B}[2K\u{1B}[7m \(text.prefix(size.columns / 2 - 2)) \u{1B}[0m\u{1B}8"
  }

  /// Scrolls by one line where the cursor is in the last row, then keeps that row out of the scrolling.
  private static func reserve(_ size: (rows: Int, columns: Int)) -> String {
    "\u{1B}D\u{1B}7\u{1B}[1;\(size.rows - 1)r\u{1B}8\u{1B}[A"
  }

  private static var size: (rows: Int, columns: Int)? {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 8 else {
      return nil
    }
    return (Int(size.ws_row), Int(size.ws_col))
  }
}
