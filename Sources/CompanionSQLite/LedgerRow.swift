import CompanionDomain
import CompanionPorts

/// How an entry of the ledger is written to its row, and read from it.
enum LedgerRow {
  private static let columns = """
    id, time, provider, model_provider, model, purpose, session, task, input_tokens, output_tokens, \
    cached_tokens, reasoning_tokens, cost, currency, latency, failure
    """

  /// Nothing happens for an entry of a name that is there already.
  static let insert = SQL(
    """
    INSERT INTO ledger (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING
    """)

  static let prune = SQL("DELETE FROM ledger WHERE time < ?")

  /// What reads entries begins like this.
  static let select = "SELECT \(columns) FROM ledger"

  /// The values of ``insert``.
  static func values(of entry: LedgerEntry) -> [SQLiteValue] {
    let usage = entry.usage
    return [
      .text(entry.id.rawValue), .time(entry.time), .text(entry.provider.rawValue),
      .text(entry.model.provider), .text(entry.model.model), .text(entry.purpose.rawValue),
      .optional(entry.session?.rawValue), .optional(entry.task?.rawValue), .optional(usage?.input),
      .optional(usage?.output), .optional(usage?.cachedInput), .optional(usage?.reasoning),
      .optional(entry.cost?.amount), .optional(entry.cost?.currency), .integer(entry.latency.nanoseconds),
      .optional(entry.failure?.rawValue),
    ]
  }

  /// The entry of a row of ``select``.
  static func entry(from row: Statement) throws(StoreFailure) -> LedgerEntry {
    LedgerEntry(
      id: try row.value(0), time: try row.time(1), provider: try row.value(2),
      model: ModelIdentity(provider: try row.text(3), model: try row.text(4)), purpose: try row.value(5),
      session: row.isNull(6) ? nil : try row.value(6), task: row.isNull(7) ? nil : try row.value(7),
      usage: try usage(from: row), cost: try cost(from: row), latency: .nanoseconds(try row.integer(14)),
      failure: row.isNull(15) ? nil : try row.value(15))
  }

  private static func usage(from row: Statement) throws(StoreFailure) -> TokenUsage? {
    switch (try row.optionalInteger(8), try row.optionalInteger(9)) {
    case (let input?, let output?):
      return TokenUsage(
        input: input, output: output, cachedInput: try row.optionalInteger(10),
        reasoning: try row.optionalInteger(11))
    case (nil, nil) where row.isNull(10) && row.isNull(11): return nil
    default: throw .corrupt("the tokens of a stored call are half known")
    }
  }

  private static func cost(from row: Statement) throws(StoreFailure) -> Cost? {
    switch (try row.optionalReal(12), try row.optionalText(13)) {
    case (let amount?, let currency?) where amount.isFinite: return Cost(amount: amount, currency: currency)
    case (nil, nil): return nil
    default: throw .corrupt("the cost of a stored call is not an amount in a currency")
    }
  }
}
