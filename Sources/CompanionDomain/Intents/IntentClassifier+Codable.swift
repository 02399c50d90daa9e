import FoundationEssentials

extension IntentClassifier: Codable {
  private static let version = 1

  private enum Key: String, CodingKey {
    case version, labels, knowsOthers, threshold, odds, scores, importanceOfUnknown, scale, biases
    case keys, importances, counts, classes, levels
  }

  /// Writes it, with the version of its form. Numbers are packed into bytes: one of 150 labels takes some 2 MB, and a
  /// third more as JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(Self.version, forKey: .version)
    try container.encode(labels, forKey: .labels)
    try container.encode(knowsOthers, forKey: .knowsOthers)
    try container.encode(threshold, forKey: .threshold)
    try container.encode(calibration.odds, forKey: .odds)
    try container.encode(Data(littleEndian: calibration.scores.map(\.bitPattern)), forKey: .scores)
    try container.encode(vocabulary.importanceOfUnknown, forKey: .importanceOfUnknown)
    try container.encode(Data(littleEndian: vocabulary.keys), forKey: .keys)
    try container.encode(Data(vocabulary.importances), forKey: .importances)
    try container.encode(weights.scale.bitPattern, forKey: .scale)
    try container.encode(Data(littleEndian: weights.biases.map(\.bitPattern)), forKey: .biases)
    let counts = zip(weights.starts, weights.starts.dropFirst()).map { UInt16($1 - $0) }
    try container.encode(Data(littleEndian: counts), forKey: .counts)
    // Classes beyond 256 take two bytes, and so do all of them then.
    let classes =
      weights.biases.count <= 256
      ? Data(weights.classes.map { UInt8($0) }) : Data(littleEndian: weights.classes)
    try container.encode(classes, forKey: .classes)
    try container.encode(Data(weights.levels.map { UInt8(bitPattern: $0) }), forKey: .levels)
  }

  /// Reads it.
  ///
  /// - Throws: `DecodingError` for what is damaged, or of a version that is not known here.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func check(_ holds: Bool, _ key: Key, _ message: String) throws {
      guard holds else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "\(message); train the classifier again.")
      }
    }
    func numbers<Number: FixedWidthInteger>(_ key: Key, of _: Number.Type) throws -> [Number] {
      let data = try container.decode(Data.self, forKey: key)
      try check(data.count % (Number.bitWidth / 8) == 0, key, "The bytes end within a number")
      return data.littleEndian()
    }
    func floats(_ key: Key) throws -> [Float] {
      let floats = try numbers(key, of: UInt32.self).map(Float.init(bitPattern:))
      try check(floats.allSatisfy { $0.magnitude < 1e6 }, key, "A number is none, or too great")
      return floats
    }

    let version = try container.decode(Int.self, forKey: .version)
    try check(version == Self.version, .version, "Version \(version) of a classifier is not known here")
    let labels = try container.decode([IntentLabel].self, forKey: .labels)
    try check(
      Self.labelCounts.contains(labels.count) && Set(labels.map(\.name)).count == labels.count, .labels,
      "There are too few labels, too many, or two of one name")
    let knowsOthers = try container.decode(Bool.self, forKey: .knowsOthers)
    let odds = try container.decode([Double].self, forKey: .odds)
    try check(odds.count == 3 && odds.allSatisfy { $0.magnitude < 1e6 }, .odds, "There are not three odds")
    let scores = try floats(.scores)
    try check(
      scores.count >= 2 && zip(scores, scores.dropFirst()).allSatisfy(<=), .scores,
      "The scores do not ascend")
    let threshold = try container.decode(Double.self, forKey: .threshold)
    try check((0...1).contains(threshold), .threshold, "The threshold is not from 0 to 1")

    let keys = try numbers(.keys, of: UInt32.self)
    try check(
      keys.count <= IntentLesson.mostFeatures && zip(keys, keys.dropFirst()).allSatisfy(<), .keys,
      "The features do not ascend, or are too many")
    let importances = try numbers(.importances, of: UInt8.self)
    let unknown = try container.decode(UInt8.self, forKey: .importanceOfUnknown)
    try check(
      importances.count == keys.count && unknown > 0 && importances.allSatisfy { $0 > 0 }, .importances,
      "A feature has no importance")

    let biases = try floats(.biases)
    try check(
      biases.count == labels.count + (knowsOthers ? 1 : 0), .biases, "There is not a bias for each class")
    let counts = try numbers(.counts, of: UInt16.self)
    try check(
      counts.count == keys.count && counts.allSatisfy { $0 <= biases.count }, .counts,
      "The features have other numbers of weights")
    let starts = counts.reduce(into: [0 as UInt32]) { $0.append($0[$0.count - 1] + UInt32($1)) }
    let classes =
      try biases.count <= 256
      ? numbers(.classes, of: UInt8.self).map(UInt16.init) : numbers(.classes, of: UInt16.self)
    try check(
      classes.count == Int(starts[keys.count]) && classes.allSatisfy { $0 < biases.count }, .classes,
      "A weight is of no class")
    let levels = try numbers(.levels, of: UInt8.self).map(Int8.init(bitPattern:))
    try check(levels.count == classes.count, .levels, "The weights are too few, or too many")
    let scale = Float(bitPattern: try container.decode(UInt32.self, forKey: .scale))
    try check((0...1e6).contains(scale), .scale, "The scale of the weights is none")

    self.init(
      labels: labels, knowsOthers: knowsOthers,
      vocabulary: IntentVocabulary(keys: keys, importances: importances, importanceOfUnknown: unknown),
      weights: IntentWeights(starts: starts, classes: classes, levels: levels, scale: scale, biases: biases),
      calibration: IntentCalibration(odds: odds, scores: scores), threshold: threshold)
  }
}

extension Data {
  fileprivate init(littleEndian numbers: [some FixedWidthInteger & UnsignedInteger]) {
    self.init()
    reserveCapacity(numbers.count * MemoryLayout<UInt32>.size)
    for number in numbers { Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) } }
  }

  /// The numbers of which these are the bytes.
  fileprivate func littleEndian<Number: FixedWidthInteger>() -> [Number] {
    withUnsafeBytes { bytes in
      let size = MemoryLayout<Number>.size
      return stride(from: 0, to: bytes.count - size + 1, by: size).map {
        Number(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Number.self))
      }
    }
  }
}
