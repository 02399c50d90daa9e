import CompanionKit
import ExampleSupport
import Foundation

/// How fast events are found in a stream: framing only, without reading the JSON in them.
///
/// Compared with looking at every byte once, which any parser must.
struct SSESuite {
  let options: BenchmarkOptions
  let report: FigureReport

  /// As much as arrives at a time over a fast connection.
  private static let chunkSize = 16_384

  func run() throws {
    let count = options.count ?? 500_000
    let data = String(repeating: "x", count: 200 - "data: \n\n".utf8.count)
    let event = Array("data: \(data)\n\n".utf8)
    var chunks: [Data] = []
    var chunk = Data()
    for index in 0..<count {
      chunk.append(contentsOf: event)
      if chunk.count >= Self.chunkSize || index == count - 1 {
        // Cut inside an event, as a network does.
        chunks.append(chunk.prefix(Self.chunkSize))
        chunk = Data(chunk.dropFirst(Self.chunkSize))
      }
    }
    if !chunk.isEmpty { chunks.append(chunk) }
    let megabytes = Double(count * event.count) / 1_000_000

    var rates: [Double] = []
    for _ in 0..<15 {
      var parser = ServerSentEventParser()
      var found = 0
      var bytes = 0
      let time = try ContinuousClock().measure {
        for chunk in chunks {
          parser.append(chunk)
          while let event = try parser.next() {
            found += 1
            bytes += event.data.count
          }
        }
        if try parser.finish() != nil { found += 1 }
      }
      guard found == count, bytes == count * data.utf8.count else {
        throw BenchmarkError(message: "found \(found) events with \(bytes) bytes instead of \(count)")
      }
      rates.append(megabytes / (time.milliseconds / 1000))
    }
    report.figure(
      "sse", "\(count) events of 200 bytes, framing only", "mb_per_s", rates.percentile(0.5), "MB/s")

    var scans: [Double] = []
    for _ in 0..<15 {
      var feeds = 0
      let time = ContinuousClock().measure {
        for chunk in chunks {
          unsafe chunk.withUnsafeBytes { bytes in
            feeds += unsafe bytes.count { $0 == 0x0A }
          }
        }
      }
      guard feeds == 2 * count else { throw BenchmarkError(message: "the scan found \(feeds) line feeds") }
      scans.append(megabytes / (time.milliseconds / 1000))
    }
    report.figure(
      "sse", "comparison: counting line feeds in the same bytes", "mb_per_s", scans.percentile(0.5), "MB/s")
  }
}
