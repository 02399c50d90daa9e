import CompanionPorts
import Dispatch
import Synchronization

/// The one connection that writes, with group commit.
///
/// A write does not begin a transaction: it joins the group that waits, and the group is written when the
/// queue has nothing older to do. While one group is synchronised to the disk the next one gathers behind it,
/// so the more callers there are, the more of them share one synchronisation.
///
/// Where commits do not wait for the disk, a small write that finds nobody else at it is done where its
/// caller runs: the way to the queue and back would take as long as the write. Whatever may wait, for another
/// process, for the disk, for another write, waits on the queue's thread.
final class Writer: Sendable {
  let listeners = StoreListeners()

  private let queue = DispatchQueue(label: "CompanionSQLite.writer", qos: .userInitiated)
  private let file = Mutex<WriteConnection?>(nil)
  private let pending = Mutex<[any PendingWrite]>([])
  private let commitsWaitForDisk: Bool

  /// How many transactions have been committed.
  var commits: Int { get async { await onQueue { self.file.withLock { $0?.commits ?? 0 } } } }

  init(_ durability: SQLiteStore.Durability) { commitsWaitForDisk = durability == .full }

  /// Opens the file, makes it if it is not there, and brings its schema up to date.
  ///
  /// - Returns: the file's absolute path.
  func open(_ options: OpenOptions) async throws(StoreFailure) -> String {
    let outcome = await onQueue { () -> Result<String, StoreFailure> in
      do throws(StoreFailure) {
        return .success(
          try self.file.withLock { file throws(StoreFailure) in
            let opened = try WriteConnection(options, telling: self.listeners)
            let path = opened.path
            file = opened
            return path
          })
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  /// Does the body in a transaction, alone or with whatever else is written at the same time.
  ///
  /// When the body throws, what it has done is undone, and nothing else.
  ///
  /// - Parameter isSmall: whether the work takes no longer than a way to another thread.
  /// - Returns: what the body gave, when it has been committed.
  @concurrent
  func write<Value: Sendable>(
    _ body: WriteBody<Value>, isSmall: Bool
  ) async throws(StoreFailure) -> Value {
    if isSmall, !commitsWaitForDisk, let outcome = writeAtOnce(body) { return try outcome.get() }
    let outcome = await withCheckedContinuation { caller in enqueue(Write(body, for: caller)) }
    return try outcome.get()
  }

  /// Finds out whether another process has changed the file, and tells the listeners.
  ///
  /// - Returns: whether this process has written since the last time.
  func noticeOthers() async -> Bool {
    if let hasWritten = file.withLockIfAvailable({ $0?.noticeOthersBetweenWrites() ?? false }) {
      return hasWritten
    }
    return await onQueue { self.file.withLock { $0?.noticeOthersBetweenWrites() ?? false } }
  }

  /// Writes what is waiting, moves the log into the file, and closes it.
  func close() async {
    await onQueue {
      self.flush()
      self.file.withLock { file in
        // Readers of other processes may keep part of the log in use; the last one to close moves it.
        file?.checkpoint()
        file = nil
      }
      self.listeners.finish()
    }
  }

  /// Writes what is waiting, and rewrites the file without what was removed.
  func eraseRemoved() async throws(StoreFailure) {
    let outcome = await onQueue { () -> Result<Void, StoreFailure> in
      self.flush()
      return self.file.withLock { file in
        do throws(StoreFailure) {
          guard let file else { throw .closed }
          return .success(try file.eraseRemoved())
        } catch {
          return .failure(error)
        }
      }
    }
    try outcome.get()
  }

  /// Lets the file grow to so many pages, as a disk that is full then.
  func limitPages(to count: Int) async throws(StoreFailure) {
    let body = WriteBody { file throws(StoreFailure) in
      _ = try file.connection.run("PRAGMA max_page_count = \(count)")
    }
    try await write(body, isSmall: false)
  }

  private func onQueue<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { caller in queue.async { caller.resume(returning: work()) } }
  }

  private func enqueue(_ write: any PendingWrite) {
    let isFirst = pending.withLock { pending in
      pending.append(write)
      return pending.count == 1
    }
    if isFirst { queue.async { self.flush() } }
  }

  // MARK: Where the caller runs

  private func writeAtOnce<Value: Sendable>(_ body: WriteBody<Value>) -> Result<Value, StoreFailure>? {
    guard pending.withLock({ $0.isEmpty }) else { return nil }
    let attempt = file.withLockIfAvailable { file -> (Result<Value, StoreFailure>, hasLongLog: Bool)? in
      guard let file else { return (.failure(.closed), false) }
      do throws(StoreFailure) {
        if let value = try file.atOnce(body.reading) { return (.success(value), false) }
      } catch {
        return (.failure(error), false)
      }
      guard let outcome = file.commitAtOnce(body.writing) else { return nil }
      return (outcome, file.connection.hasLongLog)
    }
    guard let (outcome, hasLongLog) = attempt ?? nil else { return nil }
    if hasLongLog { queue.async { self.shortenLog() } }
    return outcome
  }

  // MARK: On the queue

  private func flush() {
    let group = pending.withLock { pending in
      defer { pending = [] }
      return pending
    }
    file.withLock { file in
      if let file { write(group, to: file) } else { for write in group { write.finish(.closed) } }
    }
    shortenLog()
  }

  private func write(_ group: [any PendingWrite], to file: WriteConnection) {
    var left: [any PendingWrite] = []
    for write in group {
      do throws(StoreFailure) {
        if try write.answer(on: file) { write.finish(nil) } else { left.append(write) }
      } catch {
        write.finish(error)
      }
    }
    // Each time round, one write less: the one whose failure undid the transaction.
    while !left.isEmpty {
      do throws(StoreFailure) {
        if let culprit = try file.commit(left) {
          left.remove(at: culprit).finish(nil)
          continue
        }
        for write in left { write.finish(nil) }
      } catch {
        file.undo()
        for write in left { write.finish(error) }
      }
      return
    }
  }

  /// Moves the log into the file when it has become long; nobody waits for that but who comes meanwhile.
  private func shortenLog() {
    file.withLock { file in
      guard let file, file.connection.hasLongLog else { return }
      file.checkpoint()
    }
  }
}
