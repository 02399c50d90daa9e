import FoundationEssentials

/// Writes the sections of a prompt, in the language of its context.
struct PromptWriter {
  let context: PromptContext
  let template: PromptTemplate

  private func words(_ wording: PromptTemplate.Wording) -> String { wording(in: context.language) }

  /// Of how many messages that were cut the beginnings are written at most.
  private static let longestDigest = 200

  /// That so many bytes of a text are left out.
  func leftOut(_ bytes: Int) -> String {
    "[… \(words(PromptHeading.leftOut).replacing("#", with: "\(bytes)")) …]"
  }

  /// What stands first, and is there in full.
  var pinnedSystem: [PromptPiece] {
    let rules = context.rules.filter { !$0.isEmpty }.map { "- " + $0 }.joined(separator: "\n")
    let words = [context.persona, rules, words(template.rules)].filter { !$0.isEmpty }
    let profile = context.profile.isEmpty ? "" : list(context.profile, "profile", PromptHeading.profile)
    return [
      .pinned("persona", words.joined(separator: "\n\n")), .pinned("profile", profile),
    ].filter { $0.text(.form(.full)) != "" }
  }

  /// What stands behind it, and changes only when the history's beginning moves.
  ///
  /// - Parameter cut: the messages of the history that are not sent.
  func stableSystem(_ summary: ConversationSummary?, cut: [ChatMessage]) -> [PromptPiece] {
    let corrections = UserCorrections(summary?.corrections ?? []).adding(cut).all
    return [
      lines(
        "corrections", priority: 80, corrections.map(\.excerpt), PromptHeading.corrections, dropping: .first),
      self.summary(summary?.text ?? ""),
      lines(
        "digest", priority: 70, cut.suffix(Self.longestDigest).compactMap(PromptExcerpt.init(beginningOf:)),
        PromptHeading.digest,
        dropping: .first),
    ].compactMap(\.self)
  }

  /// What is of this turn alone.
  ///
  /// - Parameter omitted: how many calls of tools were made for the message that are not shown.
  func volatile(omitted: Int) -> [PromptPiece] {
    var pieces = [
      lines(
        "situation", priority: 65, context.situation, PromptHeading.situation, minimum: .items(1)),
      lines("recalled", priority: 60, context.recalled, PromptHeading.recalled, minimum: .items(1)),
      lines("tasks", priority: 50, context.tasks, PromptHeading.tasks, minimum: .items(1)),
    ].compactMap(\.self)
    pieces += context.files.enumerated().map { place, file in self.file(file, place) }
    if let failure = context.failure, !failure.message.isEmpty { pieces.append(self.failure(failure)) }
    if let time = context.time {
      let zone = context.calendar.timeZone.identifier
      let text = "\(words(PromptHeading.time)) \(context.calendar.dayAndTime(of: time)) (\(zone))"
      pieces.append(.pinned("time", text))
    }
    if omitted > 0 { pieces.append(.pinned("omitted", "\(words(PromptHeading.omittedCalls)) \(omitted)")) }
    let guidance = words(template.guidance)
    if !guidance.isEmpty { pieces.insert(.pinned("guidance", guidance), at: 0) }
    if !pieces.isEmpty { pieces.append(.pinned("frame", words(PromptHeading.message))) }
    return pieces
  }

  private func lines(
    _ id: String, priority: Int, _ excerpts: [PromptExcerpt], _ heading: PromptTemplate.Wording,
    dropping: PromptSection.End = .last, minimum: PromptSection.Minimum = .nothing
  ) -> PromptPiece? {
    guard !excerpts.isEmpty else { return nil }
    return PromptPiece(
      id: id, priority: priority,
      body: .lines(excerpts.map(PromptFence.line), dropping: dropping, kind: id, heading: words(heading)),
      minimum: minimum)
  }

  private func list(_ excerpts: [PromptExcerpt], _ kind: String, _ heading: PromptTemplate.Wording) -> String
  {
    let lines = excerpts.map(PromptFence.line).joined(separator: "\n")
    return words(heading) + "\n" + PromptFence.fenced(lines, kind: kind)
  }

  private func summary(_ text: String) -> PromptPiece? {
    guard !text.isEmpty else { return nil }
    return PromptPiece(
      id: "summary", priority: 75,
      body: .forms(
        Self.shrinking(text, headline: Self.beginning(of: text, characters: 160)).map { name, text in
          (name, words(PromptHeading.summary) + "\n" + PromptFence.fenced(text, kind: "summary"))
        }),
      minimum: .form(.headline))
  }

  private func file(_ file: PromptExcerpt, _ place: Int) -> PromptPiece {
    let size = "\(file.text.utf8.count) bytes"
    return PromptPiece(
      id: "file \(place + 1)", priority: 40,
      body: .forms(
        Self.shrinking(file.text, headline: "(\(size))").map { name, text in
          (name, PromptFence.fenced(text, kind: "file", source: file.source))
        }),
      minimum: .form(.headline))
  }

  private func failure(_ failure: PromptFailure) -> PromptPiece {
    PromptPiece(
      id: "failure", priority: 85,
      body: .forms(
        Self.shrinking(failure.message, headline: Self.beginning(of: failure.message, characters: 160))
          .map { name, text in
            (name, words(PromptHeading.failure) + "\n" + PromptFence.fenced(text, kind: "failure"))
          }),
      minimum: .form(.headline))
  }

  /// All of a text, its first quarter, and a headline; a summary or headline that is cut says so.
  private static func shrinking(
    _ text: String, headline: String
  ) -> [(name: PromptSection.Form.Name, text: String)] {
    let quarter = beginning(of: text, characters: max(text.count / 4, 160))
    let shorter: [(name: PromptSection.Form.Name, text: String)] = [
      (.summary, quarter), (.headline, headline),
    ]
    return [(.full, text)] + shorter.filter { $0.text.utf8.count < text.utf8.count }
  }

  /// The beginning of a text, up to the end of a word where there is one in its second half, with a mark where it was
  /// cut.
  static func beginning(of text: String, characters: Int) -> String {
    guard let end = text.index(text.startIndex, offsetBy: characters, limitedBy: text.endIndex),
      end < text.endIndex
    else { return text }
    var kept = text[..<end]
    if !text[end].isWhitespace, let space = kept.suffix(characters / 2).lastIndex(where: \.isWhitespace) {
      kept = kept[..<space]
    }
    while kept.last?.isWhitespace == true { kept.removeLast() }
    return kept + " […]"
  }
}

extension PromptExcerpt {
  /// How a message of the conversation begins; `nil` for one without words.
  fileprivate init?(beginningOf message: ChatMessage) {
    let text = message.text.prefix(400)
    guard text.contains(where: { !$0.isWhitespace }) else { return nil }
    self.init(
      source: message.role == .assistant ? "you" : message.speaker?.rawValue ?? "person",
      text: PromptWriter.beginning(of: String(text), characters: 120))
  }
}
