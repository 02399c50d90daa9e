extension TransferFlow.Limits {
  /// What `URLSession` allows for here.
  ///
  /// On Linux `URLSessionTask.suspend()` takes the transfer out of libcurl, which drops its connection, and
  /// `resume()` sends the whole request once more. A transfer is therefore never paused there, only bounded.
  static var ofThisPlatform: TransferFlow.Limits {
    #if canImport(FoundationNetworking)
      .bounded(by: 64 << 20)
    #else
      .pausing(above: 1 << 20, resumingAt: 1 << 18)
    #endif
  }
}
