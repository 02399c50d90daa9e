import CompanionDomain

extension EmbeddingSpace {
  var fields: [String: JSONValue] {
    [
      "gen_ai.provider.name": .string(model.provider), "gen_ai.request.model": .string(model.model),
      "dimension": .integer(Int64(dimension)),
    ]
  }
}

extension EmbeddingProgress {
  var fields: [String: JSONValue] {
    var fields = space.fields
    fields["embedded"] = .integer(Int64(coverage.embedded))
    fields["waiting"] = .integer(Int64(coverage.waiting))
    fields["parked"] = .integer(Int64(coverage.parked))
    fields["total"] = .integer(Int64(coverage.total))
    fields["per_second"] = .number(rate)
    fields["remaining_ms"] = remaining.map { .number($0.milliseconds) }
    return fields
  }
}

extension EmbeddingRun {
  var fields: [String: JSONValue] {
    var fields = space?.fields ?? [:]
    fields["end"] = .string(end.name)
    fields["duration_ms"] = .number(duration.milliseconds)
    fields["embedded"] = .integer(Int64(embedded))
    fields["vectors"] = .integer(Int64(vectors))
    fields["failed"] = .integer(Int64(failed))
    fields["parked"] = .integer(Int64(parked))
    fields["calls"] = .integer(Int64(calls))
    fields["gen_ai.usage.input_tokens"] = .integer(Int64(tokens))
    switch end {
    case .serviceFailed, .storeFailed: fields["error"] = .string(end.description)
    default: break
    }
    return fields
  }
}

extension EmbeddingRun.End {
  fileprivate var name: String {
    switch self {
    case .complete: "complete"
    case .noService: "no-service"
    case .serviceFailed: "service-failed"
    case .storeFailed: "store-failed"
    case .stopped: "stopped"
    }
  }
}
