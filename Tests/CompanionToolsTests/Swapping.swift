import Foundation
import Synchronization

/// Somebody who puts a link into a place and takes it out again, all the time.
final class Swapping: Sendable {
  private let hasToStop = Mutex(false)
  private let hasStopped = DispatchSemaphore(value: 0)

  init(_ place: String, with link: String, to target: String, by aside: String) {
    Thread.detachNewThread { [self] in
      while !hasToStop.withLock({ $0 }) {
        // What was written in between may have taken its place.
        PathCall.remove(link)
        PathCall.makeLink(link, to: target)
        PathCall.exchange(place, with: aside)
        PathCall.exchange(link, with: place)
        PathCall.exchange(place, with: link)
        PathCall.exchange(aside, with: place)
      }
      hasStopped.signal()
    }
  }

  /// Returns when the place is as it was.
  func stop() {
    hasToStop.withLock { $0 = true }
    hasStopped.wait()
  }
}
