/// The encodings of images that are known by their first bytes.
package enum ImageFormat: Hashable, Sendable, CaseIterable {
  case png, jpeg, webp, gif, avif

  /// The encoding of an image; `nil` where its bytes are of none of them.
  ///
  /// Complexity: looks at 16 bytes at the most.
  package init?(of data: some Collection<UInt8>) {
    let head = Array(data.prefix(16))
    func has(_ bytes: [UInt8], at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: bytes) }
    if has([0x89] + "PNG\r\n\u{1A}\n".utf8) {
      self = .png
    } else if has([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if has(Array("RIFF".utf8)), has(Array("WEBP".utf8), at: 8) {
      self = .webp
    } else if has(Array("GIF8".utf8)) {
      self = .gif
    } else if has(Array("ftypavif".utf8), at: 4) {
      self = .avif
    } else {
      return nil
    }
  }

  /// What a file's name ends in.
  package var fileExtension: String {
    switch self {
    case .png: "png"
    case .jpeg: "jpg"
    case .webp: "webp"
    case .gif: "gif"
    case .avif: "avif"
    }
  }

  /// The media type.
  package var mediaType: String {
    switch self {
    case .png: "image/png"
    case .jpeg: "image/jpeg"
    case .webp: "image/webp"
    case .gif: "image/gif"
    case .avif: "image/avif"
    }
  }
}
