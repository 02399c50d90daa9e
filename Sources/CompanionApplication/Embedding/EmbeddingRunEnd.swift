import CompanionDomain
import CompanionPorts

/// Why a run ends before nothing is due.
enum EmbeddingRunEnd: Error {
  case service(ProviderFailure)
  case store(StoreFailure)
  case stopped

  var end: EmbeddingRun.End {
    switch self {
    case .service(let failure): failure.kind == .cancelled ? .stopped : .serviceFailed(failure)
    case .store(let failure): .storeFailed(failure)
    case .stopped: .stopped
    }
  }
}
