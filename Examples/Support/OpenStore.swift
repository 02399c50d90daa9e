package import CompanionKit

/// Opens the store in a file, for as long as the body runs.
package func withStore<Value>(
  at path: String, _ body: (SQLiteStore) async throws -> Value
) async throws -> Value {
  let store = try await SQLiteStore.sqlite(at: path)
  do {
    let value = try await body(store)
    await store.close()
    return value
  } catch {
    await store.close()
    throw error
  }
}
