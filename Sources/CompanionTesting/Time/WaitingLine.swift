/// Who waits for a value to reach which mark: a state machine, to be kept under a lock.
///
/// A wait has three moments: it takes a ticket, it parks, and then it is released or cancelled, once. As
/// cancellation can come at any time, also between the first two, a ticket knows that it has been cancelled
/// before there is anything to resume. Whatever a method returns is to be resumed outside the lock.
struct WaitingLine<Mark: Comparable & Sendable, Waiter> {
  /// A wait: its mark, and its place among those of the same mark.
  struct Ticket: Sendable {
    let mark: Mark
    fileprivate let number: UInt64

    fileprivate func comesAfter(_ other: Ticket) -> Bool {
      mark == other.mark ? number > other.number : mark > other.mark
    }
  }

  /// What became of an attempt to park.
  enum Admission {
    /// The waiter is held until it is released or cancelled.
    case parked
    /// The mark has been reached: resume the waiter.
    case reached
    /// The wait was cancelled, or the line is closed: resume the waiter with a `CancellationError`.
    case cancelled
  }

  /// Sorted so that the next to be released is last, where it is taken off without moving the others.
  private var parked: [(ticket: Ticket, waiter: Waiter)] = []
  /// Tickets that have been given out and have not parked; whether they have been cancelled since.
  private var arriving: [UInt64: Bool] = [:]
  private var tickets: UInt64 = 0
  private var isClosed = false

  /// How many are parked.
  var count: Int { parked.count }

  /// The mark that releases the next one.
  var nextMark: Mark? { parked.last?.ticket.mark }

  /// Begins a wait.
  mutating func ticket(for mark: Mark) -> Ticket {
    tickets += 1
    arriving[tickets] = false
    return Ticket(mark: mark, number: tickets)
  }

  /// Parks a waiter, unless it need not wait. Cancellation comes before a mark that has been reached.
  mutating func park(_ waiter: Waiter, with ticket: Ticket, at value: Mark) -> Admission {
    let wasCancelled = arriving.removeValue(forKey: ticket.number) ?? false
    guard !wasCancelled, !isClosed else { return .cancelled }
    guard value < ticket.mark else { return .reached }
    parked.insert((ticket, waiter), at: position(of: ticket))
    return .parked
  }

  /// Ends a wait early.
  ///
  /// - Returns: the waiter, if it is parked; `nil` when it has not parked yet or has been released already.
  mutating func cancel(_ ticket: Ticket) -> Waiter? {
    guard arriving[ticket.number] == nil else {
      arriving[ticket.number] = true
      return nil
    }
    let position = position(of: ticket)
    guard position < parked.count, parked[position].ticket.number == ticket.number else { return nil }
    return parked.remove(at: position).waiter
  }

  /// Takes off all whose mark has been reached, in order of their marks, then of their arrival.
  mutating func release(reaching value: Mark) -> [Waiter] {
    var released: [Waiter] = []
    while let last = parked.last, last.ticket.mark <= value {
      released.append(last.waiter)
      parked.removeLast()
    }
    return released
  }

  /// Takes off all, in order, and admits nobody any more.
  mutating func close() -> [Waiter] {
    isClosed = true
    defer { parked.removeAll() }
    return parked.reversed().map(\.waiter)
  }

  /// Where a ticket is among the parked, or would be.
  private func position(of ticket: Ticket) -> Int {
    var range = parked.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if parked[middle].ticket.comesAfter(ticket) {
        range = (middle + 1)..<range.upperBound
      } else {
        range = range.lowerBound..<middle
      }
    }
    return range.lowerBound
  }
}
