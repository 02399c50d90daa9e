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
      request, context: EventContext(session: task.session, turn: task.turn, task: task.id))
    var places: [String] = []
    for (number, image) in response.images.enumerated() {
      // A later attempt's images take the place of an earlier one's.
      places.append(try await storage.store(image, named: "\(Self.fileName(of: task.id))-\(number + 1)"))
    }
    return .done(places.joined(separator: "\n"), usage: response.usage)
  }

  private static func fileName(of id: TaskID) -> String {
    String(id.rawValue.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }
}
