public import CompanionDomain
public import CompanionPorts
import FoundationEssentials

extension OpenAIResponsesModel: BackgroundLanguageModel {
  /// Hands a request over; see ``BackgroundLanguageModel/submit(_:key:)``.
  ///
  /// The key is sent as `Idempotency-Key`. OpenAI does not promise to heed it, so a submission whose answer
  /// got lost may run twice when it is made again. The job cannot be streamed later; for that see
  /// ``submitStreaming(_:key:)``.
  public func submit(
    _ request: GenerationRequest, key: String
  ) async throws(ProviderFailure) -> ProviderJob {
    let (data, context) = try await exchange.whole(
      endpoint.url, headers: Self.idempotency(key), body: try body(of: request, inBackground: true))
    let response = try context.response(data)
    return try response.job(try response.jobID(context), context)
  }

  /// How a job stands; see ``BackgroundLanguageModel/poll(_:)``.
  ///
  /// - Throws: `invalidRequest` for a job that the provider does not know, or no longer: OpenAI keeps none for
  ///   good.
  public func poll(_ job: ProviderJobID) async throws(ProviderFailure) -> ProviderJob {
    let (response, context) = try await standing(of: job)
    return try response.job(job, context)
  }

  /// The answer of a job, or what there is of it; see ``BackgroundLanguageModel/fetch(_:)``.
  ///
  /// What there is of an incomplete one ends with `length`, also where the provider's filter has ended it:
  /// ``poll(_:)`` tells which.
  public func fetch(_ job: ProviderJobID) async throws(ProviderFailure) -> GenerationResponse {
    let (response, context) = try await standing(of: job)
    let (events, ending) = try response.answerOfJob(context)
    return GenerationResponse(collecting: events + ending)
  }

  /// Stops a job; see ``BackgroundLanguageModel/cancel(_:)``.
  public func cancel(_ job: ProviderJobID) async throws(ProviderFailure) {
    let url = try endpoint.url(ofJob: job, action: "cancel")
    do throws(ProviderFailure) {
      let (data, context) = try await exchange.whole(url, method: "POST")
      _ = try context.response(data)
    } catch {
      // The API refuses to stop what has ended, each server in its own words: the job itself tells.
      guard error.status == 400 || error.status == 409, let found = try? await poll(job), found.state.isEnd
      else { throw Self.failure(error, of: job) }
    }
  }

  private func standing(
    of job: ProviderJobID
  ) async throws(ProviderFailure) -> (ResponsesObject, ResponseContext) {
    let url = try endpoint.url(ofJob: job)
    do throws(ProviderFailure) {
      let (data, context) = try await exchange.whole(url, method: "GET")
      let response = try context.response(data)
      guard response.id.map({ $0 == job.rawValue }) ?? true else {
        throw context.malformed("the answer is about another job")
      }
      return (response, context)
    } catch {
      throw Self.failure(error, of: job)
    }
  }

  static func idempotency(_ key: String) -> [String: String] { ["idempotency-key": key.headerValue] }

  /// What a failed request for a job means. That there is no such job says nothing about the provider.
  static func failure(_ failure: ProviderFailure, of job: ProviderJobID) -> ProviderFailure {
    guard failure.status == 404 || failure.status == 410 else { return failure }
    return ProviderFailure(
      .invalidRequest, status: failure.status, code: failure.code, requestID: failure.requestID,
      message: "the provider does not know this job any more")
  }
}

extension OpenAIEndpoint {
  /// Where a job is, or what can be done with it.
  ///
  /// - Throws: `invalidRequest` for an identifier that cannot stand in an address.
  func url(
    ofJob job: ProviderJobID, action: String? = nil, query: KeyValuePairs<String, String> = [:]
  ) throws(ProviderFailure) -> URL {
    var components = URLComponents(url: url, resolvingAgainstBaseURL: true)
    for (name, value) in query { components?.addQueryItem(name, value) }
    if let path = components?.percentEncodedPath {
      components?.percentEncodedPath =
        ([path, job.rawValue.percentEncoded] + [action].compactMap(\.self)).joined(separator: "/")
    }
    guard !job.isPathSegment, let url = components?.url else {
      throw ProviderFailure(.invalidRequest, message: "the job's name cannot stand in an address")
    }
    return url
  }
}

extension ProviderJobID {
  /// Whether a path takes this as a way to another directory, in whatever encoding.
  var isPathSegment: Bool { [".", ".."].contains(rawValue) }
}

extension ProviderJobState {
  fileprivate var isEnd: Bool { ![.queued, .running].contains(self) }
}
