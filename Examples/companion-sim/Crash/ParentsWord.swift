import Foundation
import Synchronization

/// The parent's word that its worker shall finish.
final class ParentsWord: Sendable {
  private let given = Mutex(false)

  /// Whether it has been given.
  var isGiven: Bool { given.withLock(\.self) }

  /// Waits for it. A parent that is gone needs no worker: the process ends.
  func wait() async {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { [self] in
        guard let word = try? FileHandle.standardInput.read(upToCount: 1), !word.isEmpty else { exit(3) }
        given.withLock { $0 = true }
        continuation.resume()
      }
    }
  }
}
