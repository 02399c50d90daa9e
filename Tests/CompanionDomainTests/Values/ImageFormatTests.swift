import CompanionDomain
import Testing

/// The formats of images, by their first bytes.
struct ImageFormatTests {
  private static let heads: [(ImageFormat, [UInt8])] = [
    (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), (.jpeg, [0xFF, 0xD8, 0xFF]),
    (.webp, Array("RIFF1234WEBP".utf8)), (.gif, Array("GIF89a".utf8)), (.avif, Array("1234ftypavif".utf8)),
  ]

  @Test func `each format is known by its beginning, whatever follows, and by no less`() {
    for (format, head) in Self.heads {
      #expect(ImageFormat(of: head) == format)
      #expect(ImageFormat(of: head + [1, 2, 3]) == format)
      // A part of a longer whole has indices of its own.
      #expect(ImageFormat(of: ([0] + head)[1...]) == format)
      #expect(ImageFormat(of: head.dropLast(format == .gif ? 3 : 1)) == nil)
    }
    #expect(Self.heads.map(\.0) == ImageFormat.allCases)
    for head in ["", "RIFF1234WAVE", "<html>", "1234ftypheic"] {
      #expect(ImageFormat(of: Array(head.utf8)) == nil)
    }
  }

  @Test func `no two formats share an ending or a media type`() {
    #expect(Set(ImageFormat.allCases.map(\.fileExtension)).count == ImageFormat.allCases.count)
    #expect(Set(ImageFormat.allCases.map(\.mediaType)).count == ImageFormat.allCases.count)
  }
}
