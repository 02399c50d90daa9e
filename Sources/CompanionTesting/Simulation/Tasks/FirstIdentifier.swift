import Synchronization

/// An identifier that is given out once.
final class FirstIdentifier: Sendable {
  private let bits: Mutex<UInt128?>

  init(_ bits: UInt128?) { self.bits = Mutex(bits) }

  func take() -> UInt128? { bits.withLock { $0.take() } }
}
