import CompanionDomain
import Foundation

/// Reads a matrix of numbers as NumPy stores one: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct MatrixFile {
  let rows: Int
  let columns: Int
  /// Row by row.
  let numbers: [Float]

  /// Reads a file of 32-bit floating-point numbers, little-endian, row by row, of version 1 or 2 of the format.
  init(path: String) throws(InputError) {
    func refusal(_ message: String) -> InputError { InputError(file: path, message: message) }

    guard let data = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe) else {
      throw refusal("cannot be read")
    }
    guard data.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw refusal("is no .npy file: it does not begin with the mark of one")
    }
    guard data.count >= 12 else { throw refusal("ends within its header") }
    guard data[6] == 1 || data[6] == 2 else {
      throw refusal("is of version \(data[6]) of the format; only 1 and 2 are read")
    }
    let sizeBytes = data[6] == 1 ? 2 : 4
    let size = (0..<sizeBytes).reduce(0) { $0 | Int(data[8 + $1]) << (8 * $1) }
    let start = 8 + sizeBytes + size
    guard start <= data.count else { throw refusal("ends within its header") }
    let header = String(decoding: data[(8 + sizeBytes)..<start], as: UTF8.self)

    guard let type = Self.value(of: "descr", in: header)?.trimmingCharacters(in: Self.quotes) else {
      throw refusal("has a header that does not say of what type its numbers are")
    }
    guard type == "<f4" else {
      throw refusal("has numbers of type \(type); only <f4 is read, 32-bit floating point, little-endian")
    }
    guard let order = Self.value(of: "fortran_order", in: header) else {
      throw refusal("has a header that does not say in which order its numbers are")
    }
    guard order == "False" else {
      throw refusal("is stored column by column (fortran_order); store it row by row")
    }
    guard let shape = Self.shape(in: header), shape.count == 2, shape[0] > 0, shape[1] > 0 else {
      throw refusal("has no shape of a matrix, which is rows and columns, neither of them 0")
    }
    let (count, isTooMany) = shape[0].multipliedReportingOverflow(by: shape[1])
    let there = (data.count - start) / MemoryLayout<Float>.size
    guard !isTooMany, (data.count - start).isMultiple(of: 4), there == count else {
      let shape = "\(shape[0]) × \(shape[1])"
      throw refusal(
        !isTooMany && there > count
          ? "has more numbers than its shape, \(shape)"
          : "is cut off: it has \(there) numbers, and its shape is \(shape)")
    }
    rows = shape[0]
    columns = shape[1]
    numbers = [Float](unsafeUninitializedCapacity: count) { buffer, written in
      data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer), from: start..<data.count)
      // What is stored is little-endian, whatever this machine is.
      for place in buffer.indices where UInt32(littleEndian: 1) != 1 {
        buffer[place] = Float(bitPattern: UInt32(littleEndian: buffer[place].bitPattern))
      }
      written = count
    }
  }

  /// The rows that have no number besides zero, or next to it; the first is 0.
  var zeroRows: [Int] {
    (0..<rows).filter { row in
      numbers[row * columns..<(row + 1) * columns].allSatisfy { abs($0) < VectorIndex.least }
    }
  }

  private static let quotes = CharacterSet(charactersIn: "'\" ")

  /// What follows a name in the header, up to the next comma that is not in parentheses.
  private static func value(of name: String, in header: String) -> String? {
    guard let found = header.range(of: "'\(name)':") ?? header.range(of: "\"\(name)\":") else { return nil }
    var depth = 0
    let value = header[found.upperBound...].prefix { character in
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      return depth > 0 || (character != "," && character != "}")
    }
    return value.trimmingCharacters(in: .whitespaces)
  }

  private static func shape(in header: String) -> [Int]? {
    guard let text = value(of: "shape", in: header), text.hasPrefix("("), text.hasSuffix(")") else {
      return nil
    }
    let parts = text.dropFirst().dropLast().split(separator: ",")
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    let numbers = parts.compactMap { Int($0) }
    return numbers.count == parts.count ? numbers : nil
  }
}
