#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Tells one running thread from another.
struct ThreadIdentity: Hashable, Sendable {
  private let number: UInt

  private init(number: UInt) { self.number = number }

  /// The thread that asks.
  static var current: ThreadIdentity {
    // A number in glibc, a pointer elsewhere.
    #if canImport(Glibc)
      ThreadIdentity(number: UInt(pthread_self()))
    #else
      ThreadIdentity(number: UInt(bitPattern: pthread_self()))
    #endif
  }
}
