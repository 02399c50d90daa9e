import CompanionDomain
package import CompanionPorts

/// Makes the images that the payload asks for, an `ImageRequest`, and keeps them. The result is where they are,
/// a line for each.
package struct ImageTaskHandler: TaskHandler {
  let environment: Environment
  let storage: any ImageStorage

  package init(environment: Environment, storage: any ImageStorage) {
    self.environment = environment
    self.storage = storage
  }

  package func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    let request = try attempt.payload.decode(ImageRequest.self)
    let task = attempt.task
    let response = try await environment.calls.makeImages(
      request, context: EventContext(of: task))
    var places: [String] = []
    for (number, image) in response.images.enumerated() {
      // A later attempt's images take the place of an earlier one's.
      places.append(try await keep(image, named: "\(Self.fileName(of: task.id))-\(number + 1)"))
    }
    return .done(places.joined(separator: "\n"), usage: response.usage)
  }

  private static let attempts = 6

  /// Keeps an image that is paid for: what may pass is tried again here. To try the whole task again would make, and
  /// pay for, another one.
  private func keep(_ image: GeneratedImage, named name: String) async throws -> String {
    var pause = Backoff(first: .milliseconds(100), cap: .seconds(5))
    var attempt = 1
    while true {
      do throws(StoreFailure) {
        return try await storage.store(image, named: name)
      } catch {
        guard error.mayPass, attempt < Self.attempts else {
          throw TaskFailure.handler(
            "The image was made and could not be kept. \(error) Then retry the task, which makes it anew.",
            isPermanent: true)
        }
      }
      attempt += 1
      try await environment.time.sleep(until: environment.time.now.advanced(by: pause.next()), tolerance: nil)
    }
  }

  private static func fileName(of id: TaskID) -> String {
    String(id.rawValue.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }
}

extension StoreFailure {
  /// Whether it may be gone a moment later, without anybody doing anything.
  fileprivate var mayPass: Bool {
    switch self {
    case .busy, .timedOut, .unknown: true
    default: false
    }
  }
}
