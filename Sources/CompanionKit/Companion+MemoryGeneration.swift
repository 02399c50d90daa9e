public import CompanionPorts

extension Companion {
  /// Forms memory of everything that has been said until now, and waits for it. A companion that runs does so by
  /// itself; see ``CompanionConfiguration/memory``.
  ///
  /// - Returns: what was done, and what it cost. Where nothing is new no model is called.
  @discardableResult
  public func generateMemory() async -> MemoryRun { await memoryGenerator.generate() }
}
