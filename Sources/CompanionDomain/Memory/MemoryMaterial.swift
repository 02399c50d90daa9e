/// What a model that forms memory is given.
package struct MemoryMaterial: Hashable, Sendable {
  /// What it makes of it.
  package enum Work: String, Hashable, Sendable, CaseIterable {
    /// A short-term memory, of the one before it and what was said since.
    case shortTerm = "short-term"
    /// A long-term memory, of the one before it and newer memories, or what was said since.
    case longTerm = "long-term"
    /// Facts, of what was said.
    case facts
    /// Which known facts newer ones contradict.
    case supersession
  }

  package var work: Work
  /// What the memory is about.
  package var scope: MemoryScope
  /// When it is made, and how times are told.
  package var now: Timestamp
  package var calendar: MemoryCalendar
  /// The memory so far; empty for none.
  package var previous: String
  /// Newer memories that go into it.
  package var merged: [Merged]
  /// What was said, oldest first; they are numbered from 1 for the model.
  package var lines: [MemoryLine]
  /// What was said before, and has been changed since.
  package var corrections: [MemoryCorrection]
  /// The facts that are known, oldest first, numbered from 1; for ``Work/supersession`` those that may have ended.
  package var knownFacts: [String]
  /// For ``Work/supersession``: the facts that are new, numbered from 1.
  package var newFacts: [String]
  /// The tokens that the memory may have.
  package var tokenLimit: Int

  /// A memory that goes into another one.
  package struct Merged: Hashable, Sendable {
    /// Whose it is, in words.
    package var title: String
    package var text: String

    package init(title: String, text: String) {
      self.title = title
      self.text = text
    }
  }

  package init(
    work: Work, scope: MemoryScope, now: Timestamp, calendar: MemoryCalendar, previous: String = "",
    merged: [Merged] = [], lines: [MemoryLine] = [], corrections: [MemoryCorrection] = [],
    knownFacts: [String] = [], newFacts: [String] = [], tokenLimit: Int = 500
  ) {
    self.work = work
    self.scope = scope
    self.now = now
    self.calendar = calendar
    self.previous = previous
    self.merged = merged
    self.lines = lines
    self.corrections = corrections
    self.knownFacts = knownFacts
    self.newFacts = newFacts
    self.tokenLimit = tokenLimit
  }
}

extension MemoryMaterial {
  /// The material without secrets, each text by itself: what looks like the beginning of one takes nobody else's words
  /// with it.
  package func masked(by mask: (String) -> String) -> MemoryMaterial {
    func masked(_ line: MemoryLine) -> MemoryLine {
      var masked = line
      masked.text = mask(line.text)
      return masked
    }
    var material = self
    material.previous = mask(previous)
    material.merged = merged.map { Merged(title: $0.title, text: mask($0.text)) }
    material.lines = lines.map(masked)
    material.corrections = corrections.map { MemoryCorrection(line: masked($0.line), old: mask($0.old)) }
    material.knownFacts = knownFacts.map(mask)
    material.newFacts = newFacts.map(mask)
    return material
  }
}

/// Something that was said.
package struct MemoryLine: Hashable, Sendable {
  package var session: SessionID
  package var sequence: SequenceNumber
  package var time: Timestamp
  /// The person's name; `nil` for the companion, whose words help to understand and are no source.
  package var speaker: UserID?
  package var text: String

  package init(
    session: SessionID, sequence: SequenceNumber, time: Timestamp, speaker: UserID?, text: String
  ) {
    self.session = session
    self.sequence = sequence
    self.time = time
    self.speaker = speaker
    self.text = text
  }
}

/// Something that was said, and does not stand any more.
package struct MemoryCorrection: Hashable, Sendable {
  /// What it says now; without words when it was deleted.
  package var line: MemoryLine
  /// What it said before.
  package var old: String

  package init(line: MemoryLine, old: String) {
    self.line = line
    self.old = old
  }
}
