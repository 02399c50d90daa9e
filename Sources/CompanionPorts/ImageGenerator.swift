public import CompanionDomain
public import FoundationEssentials

/// Makes images.
///
/// Like a ``LanguageModel`` it makes one attempt, and classifies what goes wrong.
public protocol ImageGenerator: Sendable {
  /// Which model this is.
  var identity: ModelIdentity { get }

  /// Makes the images that are asked for.
  func generate(_ request: ImageRequest) async throws(ProviderFailure) -> ImageResponse

  /// Finds out whether images can be made, without making one.
  func checkConnection() async throws(ProviderFailure)
}

/// What an image generator is asked.
public struct ImageRequest: Hashable, Sendable, Codable {
  /// What shall be seen.
  public var prompt: String
  /// How many images; at least 1, less counts as that.
  public var count: Int
  /// Width and height in pixels, such as `1024x1024`; `nil` for the model's own choice.
  public var size: String?
  /// How well it is made, in the provider's words, such as `high`; `nil` for the model's own choice.
  public var quality: String?

  /// A request; what is not given is left to the model.
  public init(prompt: String, count: Int = 1, size: String? = nil, quality: String? = nil) {
    self.prompt = prompt
    self.count = count
    self.size = size
    self.quality = quality
  }
}

/// The images that were made: as many as were asked for.
public struct ImageResponse: Hashable, Sendable {
  /// The images.
  public var images: [GeneratedImage]
  /// The tokens, where the provider counts any.
  public var usage: TokenUsage?

  /// A response of these parts.
  public init(images: [GeneratedImage], usage: TokenUsage? = nil) {
    self.images = images
    self.usage = usage
  }
}

/// One image.
public struct GeneratedImage: Hashable, Sendable {
  /// The encoded image.
  public var data: Data
  /// The encoding, such as `image/png`.
  public var mediaType: String
  /// The prompt that the provider made of the one it was given, where it tells.
  public var revisedPrompt: String?

  /// An image of these parts.
  public init(data: Data, mediaType: String, revisedPrompt: String? = nil) {
    self.data = data
    self.mediaType = mediaType
    self.revisedPrompt = revisedPrompt
  }
}

/// Where generated images are kept.
public protocol ImageStorage: Sendable {
  /// Keeps an image. Keeping it again under the same name replaces it.
  ///
  /// - Parameter name: a name of letters, digits and `-`, without an extension.
  /// - Returns: where the image is, for a person: a path or an address.
  func store(_ image: GeneratedImage, named name: String) async throws(StoreFailure) -> String
}
