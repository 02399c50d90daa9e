import CompanionDomain
import Testing

struct TaskRecurrenceTests {
  private let noon = Timestamp.epoch.advanced(by: .seconds(43_200))

  @Test func `an interval comes at its start and at every multiple after it`() throws {
    let recurrence = try TaskRecurrence.every(.seconds(90), since: noon)
    #expect(recurrence.next(after: .epoch) == noon)
    #expect(recurrence.next(after: noon.advanced(by: .nanoseconds(-1))) == noon)
    #expect(recurrence.next(after: noon) == noon.advanced(by: .seconds(90)))
    #expect(recurrence.next(after: noon.advanced(by: .seconds(89))) == noon.advanced(by: .seconds(90)))
    #expect(recurrence.next(after: noon.advanced(by: .seconds(90))) == noon.advanced(by: .seconds(180)))
    #expect(
      recurrence.next(after: noon.advanced(by: .seconds(90_001))) == noon.advanced(by: .seconds(90_090)))
  }

  @Test(arguments: [.zero, .seconds(-5), .milliseconds(999), .seconds(Int64.min)] as [Duration])
  func `an interval of less than a second is refused`(length: Duration) {
    #expect(throws: TaskIntervalError.tooShort(length)) { try TaskRecurrence.every(length, since: .epoch) }
    #expect(TaskIntervalError.tooShort(length).description.contains("at least one second"))
  }

  @Test func `the extremes of time end an interval instead of trapping`() throws {
    let first = Timestamp(nanosecondsSinceEpoch: .min)
    for length in [Duration.seconds(1), .seconds(86_400 * 365), .seconds(Int64.max)] {
      for since in [first, .epoch, .distantFuture] {
        let recurrence = try TaskRecurrence.every(length, since: since)
        #expect(recurrence.next(after: .distantFuture) == nil)
        for time in [first, .epoch.advanced(by: .nanoseconds(-1)), .epoch, noon] {
          if let next = recurrence.next(after: time) { #expect(next > time) }
        }
      }
    }
    #expect(
      try TaskRecurrence.every(.seconds(Int64.max), since: .epoch).next(after: .epoch) == .distantFuture)
    #expect(try TaskRecurrence.every(.seconds(Int64.max), since: noon).next(after: noon) == nil)
  }

  @Test func `a cron expression recurs as it says`() throws {
    let expression = try CronExpression("0 7 * * *")
    #expect(TaskRecurrence.cron(expression).next(after: noon) == expression.next(after: noon))
  }
}

struct TaskScheduleTests {
  private func schedule(
    _ recurrence: TaskRecurrence, missed: TaskSchedule.MissedOccurrences = .runOnce
  ) throws -> TaskSchedule {
    TaskSchedule(
      id: try #require(ScheduleID("daily-digest")), recurrence: recurrence, kind: .reasoning,
      payload: TaskPayload(json: "{}", version: 3), requester: .named("me"),
      priority: .low, metadata: ["a": "b"], missed: missed)
  }

  private func hourly(_ missed: TaskSchedule.MissedOccurrences) throws -> TaskSchedule {
    try schedule(.cron(CronExpression("@hourly")), missed: missed)
  }

  private func at(_ hours: Int, _ seconds: Int = 0) -> Timestamp {
    .epoch.advanced(by: .seconds(hours * 3600 + seconds))
  }

  @Test func `an occurrence asks for a task under the name of the schedule and the occurrence`() throws {
    let schedule = try hourly(.runOnce)
    let request = schedule.request(for: at(1))
    #expect(
      request
        == TaskRequest(
          kind: schedule.kind, payload: schedule.payload, requester: schedule.requester,
          priority: schedule.priority, metadata: schedule.metadata,
          idempotencyKey: "schedule/daily-digest/3600000000000"))
    #expect(schedule.request(for: at(2)).idempotencyKey != request.idempotencyKey)
  }

  @Test func `what is not given is the usual`() throws {
    let schedule = TaskSchedule(
      id: try #require(ScheduleID("x")), recurrence: try .every(.seconds(1), since: .epoch), kind: "k",
      payload: TaskPayload(json: "{}"), requester: .named("me"))
    #expect(schedule.priority == .normal)
    #expect(schedule.metadata.isEmpty)
    #expect(schedule.missed == .runOnce)
  }

  /// Occurrences at every full hour.
  ///
  /// The columns: the stored next occurrence, the time, what fires, what is stored then; in seconds.
  @Test(
    arguments: [
      // Never seen.
      (nil, 1800, (nil, 3600), (nil, 3600)), (nil, 3600, (nil, 7200), (nil, 7200)),
      // Not yet.
      (3600, 3599, (nil, 3600), (nil, 3600)), (7200, 1800, (nil, 7200), (nil, 7200)),
      // On time, and up to a minute late.
      (3600, 3600, (3600, 7200), (3600, 7200)), (3600, 3660, (3600, 7200), (3600, 7200)),
      // Late.
      (3600, 3661, (3600, 7200), (nil, 7200)), (3600, 7199, (3600, 7200), (nil, 7200)),
      // Several, of which the latest is late, or not.
      (3600, 7261, (7200, 10_800), (nil, 10_800)), (3600, 18_100, (18_000, 21_600), (nil, 21_600)),
      (3600, 7200, (7200, 10_800), (7200, 10_800)), (3600, 7230, (7200, 10_800), (7200, 10_800)),
      // A stored occurrence of an earlier recurrence stands, and the new ones follow.
      (3700, 3600, (nil, 3700), (nil, 3700)), (3700, 3700, (3700, 7200), (3700, 7200)),
      (3700, 7100, (3700, 7200), (nil, 7200)), (3700, 7201, (7200, 10_800), (7200, 10_800)),
    ] as [(Int?, Int, (Int?, Int), (Int?, Int))])
  func `a schedule fires the latest occurrence, unless it was missed and is skipped`(
    stored: Int?, now: Int, runOnce: (Int?, Int), skip: (Int?, Int)
  ) throws {
    for (missed, expected) in [(TaskSchedule.MissedOccurrences.runOnce, runOnce), (.skip, skip)] {
      for recurrence in [
        TaskRecurrence.cron(try CronExpression("@hourly")), try .every(.seconds(3600), since: .epoch),
      ] {
        let advance = try schedule(recurrence, missed: missed).due(
          next: stored.map { at(0, $0) }, at: at(0, now))
        #expect(
          advance == ScheduleAdvance(occurrence: expected.0.map { at(0, $0) }, next: at(0, expected.1)),
          "\(missed)")
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func `a year of missed occurrences is passed over at once`() throws {
    let year = 365 * 24
    for recurrence in [
      TaskRecurrence.cron(try CronExpression("* * * * *", timeZone: "Europe/Berlin")),
      .cron(try CronExpression("@hourly")), try .every(.seconds(1), since: .epoch),
    ] {
      for _ in 0..<100 {
        let advance = try schedule(recurrence).due(next: at(1), at: at(year))
        #expect(advance.occurrence == at(year))
        #expect(advance.next == recurrence.next(after: at(year)))
      }
    }
  }

  @Test func `every occurrence fires once where somebody always looks`() throws {
    for missed in [TaskSchedule.MissedOccurrences.runOnce, .skip] {
      let schedule = try schedule(.every(.seconds(7), since: at(0, 3)), missed: missed)
      var stored: Timestamp?
      var fired: [Timestamp] = []
      for second in 0..<100 {
        let advance = schedule.due(next: stored, at: at(0, second))
        stored = advance.next
        if let occurrence = advance.occurrence { fired.append(occurrence) }
      }
      #expect(fired == stride(from: 3, to: 100, by: 7).map { at(0, $0) })
    }
  }

  @Test func `a schedule ends with time`() throws {
    let schedule = try schedule(.every(.seconds(3600), since: .epoch))
    let last = Timestamp.distantFuture
    #expect(schedule.due(next: nil, at: last) == ScheduleAdvance(occurrence: nil, next: nil))
    let advance = schedule.due(next: Timestamp(nanosecondsSinceEpoch: .min), at: last)
    #expect(advance.next == nil)
    #expect(try #require(advance.occurrence) > last.advanced(by: .seconds(-3600)))
  }
}
