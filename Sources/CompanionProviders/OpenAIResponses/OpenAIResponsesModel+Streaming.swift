public import CompanionDomain
public import CompanionPorts

extension OpenAIResponsesModel {
  /// Hands a request over as a job, and streams it. The job goes on when its stream is cut or let go of; the
  /// stream can then be taken up again with ``stream(_:startingAfter:)``, and the job asked after with
  /// ``poll(_:)``.
  ///
  /// The stream's first step names the job, before anything is generated. OpenAI lets a job begin to speak
  /// later than a request that is only streamed.
  ///
  /// - Parameter key: names this submission; see ``submit(_:key:)``.
  public func submitStreaming(
    _ request: GenerationRequest, key: String
  ) async throws(ProviderFailure) -> NumberedGenerationStream {
    let (body, context) = try await exchange.send(
      endpoint.url, headers: Self.idempotency(key),
      body: try body(of: request, isStreaming: true, inBackground: true), accepting: "text/event-stream")
    return NumberedGenerationStream(body: body, context: context, job: nil)
  }

  /// Takes up the stream of a job that was handed over with ``submitStreaming(_:key:)``.
  ///
  /// A job that has ended is streamed as well, from where it is asked for. Behind its last step there is
  /// nothing: that is thrown as `streamCut`.
  ///
  /// - Parameter cursor: ``NumberedGenerationStream/Step/number`` of the last step that is known; `nil` for
  ///   the whole stream.
  /// - Throws: `invalidRequest` for a job that the provider does not know any more.
  public func stream(
    _ job: ProviderJobID, startingAfter cursor: Int?
  ) async throws(ProviderFailure) -> NumberedGenerationStream {
    let url =
      if let cursor {
        try endpoint.url(ofJob: job, query: ["stream": "true", "starting_after": String(cursor)])
      } else {
        try endpoint.url(ofJob: job, query: ["stream": "true"])
      }
    do throws(ProviderFailure) {
      let (body, context) = try await exchange.send(url, method: "GET", accepting: "text/event-stream")
      return NumberedGenerationStream(body: body, context: context, job: job)
    } catch {
      throw Self.failure(error, of: job)
    }
  }
}
