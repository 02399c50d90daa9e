/// What must hold in every run of a simulation, by the name it has in its documentation.
@nonexhaustive
public enum SimulationInvariant: String, Hashable, Sendable, CaseIterable {
  /// What was acknowledged is in the store, and stays there.
  case noTaskLost = "S1"
  /// A task is completed once at the most, and its conversation is told once.
  case oneOutcome = "S2"
  /// Whoever holds an old lease changes nothing.
  case staleWritesChangeNothing = "S3"
  /// Every claim has a higher lease than the one before, and takes a task that nobody holds.
  case leasesGrow = "S4"
  /// No attempt begins before the backoff, and what the provider asked for, have passed; and no call is made at a
  /// provider that has asked to wait.
  case noEarlyRetry = "S5"
  /// A dead letter is nothing else at the same time, and what has ended stays so.
  case endsAreFinal = "S6"
  /// No attempt begins after a cancel was acknowledged.
  case cancelHolds = "S7"
  /// Not more run at the same time than may, not more calls are made than a rate allows, and none when a budget is
  /// known to be spent.
  case limitsHold = "S8"
  /// A provider that is left alone after failures gets nothing but probes, one at a time; it is left alone when its
  /// policy says so, and called again after its successes.
  case breakersHold = "S9"
  /// The events of each task have no gap, tell of what can happen, and are what happened.
  case historyIsSound = "S10"
  /// The same idempotency key gives the same task.
  case keysAreKept = "S11"
  /// A configuration of a provider is not used before it has passed its test.
  case configurationsAreTested = "S12"
  /// No model is asked what a message asks for once one has said it, unless that was lost before it was stored. In each
  /// opening of a conversation each provider is tried once at most, and none where a classifier is sure, or rules do.
  case oneUnderstanding = "S13"
  /// Every call of a tool has one result, in each prompt and in the end, and no call is made twice that must not be.
  case callsHaveOneResult = "S14"
  /// A request is within its budget, and has the person's words once.
  case promptsFit = "S16"
  /// Of one request, each provider gets one try.
  case oneTryEach = "S17"
  /// When a part of an answer has been seen, no other provider is asked.
  case noSwitchMidway = "S18"
  /// No job is handed over, under another name, while the one before it goes on.
  case jobsAreSubmittedOnce = "S19"
  /// The job of a task that was cancelled is stopped, or that was tried.
  case jobsAreStopped = "S20"
  /// Each call is in the ledger once.
  case ledgerIsExact = "S21"
  /// Each message that stays is among the sources of the memories of its scopes, once; each version of a memory is
  /// made of the one before it, and each fact of words that are in the log.
  case memoryIsExact = "S15"
  /// Nothing that the companion said because it was reminded of it, no tool's words and no announcement is made
  /// memory of.
  case memoryDoesNotFeedItself = "S22"
  /// What is said in a place is in no memory, no prompt and no request of another, but where it is shared, and is
  /// recalled in no other.
  case memoriesDoNotLeak = "S23"
  /// A message goes into a request once for each memory, nothing is asked when nothing is new, and a run keeps to
  /// its budgets.
  case memoryCostIsBounded = "S24"
  /// No memory is longer than its limit.
  case memoriesAreShort = "S25"
  /// What was forgotten is nowhere any more, and comes back from nowhere.
  case forgottenStaysForgotten = "S26"
  /// What was edited or deleted is in no memory once all of a run has gone well.
  case correctionsReachMemory = "S27"
  /// Each vector is that of a piece of the text that its source has now, all pieces have one, and what a store says of
  /// them adds up.
  case vectorsAreRight = "S28"
  /// What is gone has no vector and no failure, waits for none, and is not found.
  case goneIsNotEmbedded = "S29"
  /// What is embedded is not embedded again, unless it was changed, its space was closed, or the store may have lost
  /// it.
  case embeddedOnce = "S30"
  /// Nothing is charged with a failure that may be the service's, and what is parked has a reason, after as many tries
  /// as the policy says.
  case onlyPoisonIsParked = "S31"
  /// What is kept of an answer was delivered, and what was delivered is kept: all of it, or after a crash all but the
  /// last interval of checkpoints.
  case keptIsDelivered = "S32"
  /// An interruption ends the output within 100 ms.
  case interruptionStops = "S33"
  /// No tool does anything that neither a person nor the host's policy has allowed.
  case toolsAreAllowed = "S34"
  /// An approval is decided once, and an answer to what a task asks counts once.
  case decidedOnce = "S35"
  /// A conversation that is closed takes no message.
  case closedTakesNothing = "S36"
  /// A log has no gap, and its events lead to its messages.
  case logIsWhole = "S37"
  /// Every task ends once nothing goes wrong any more, and one that kills its workers ends although it does.
  case everyTaskEnds = "L1"
  /// Whatever runs out is looked after within the interval of sweeps.
  case orphansAreReclaimed = "L2"
  /// A cancel reaches the worker within a heartbeat.
  case cancelLands = "L3"
  /// A process that is to stop stops in time.
  case shutdownEnds = "L4"
  /// Tasks are claimed in the order of their ranks, so that none starves.
  case noneStarves = "L5"
  /// What a schedule makes comes at its time, by the store's clock.
  case schedulesKeepTime = "L6"
  /// Every turn of a conversation ends in time.
  case everyTurnEnds = "L7"
  /// A provider that is well is called again.
  case breakersClose = "L8"
  /// Nothing is held for calls that are over.
  case nothingLeaks = "L9"
  /// Of a place that has gone silent no short-term memory is left.
  case silenceExpires = "L10"
  /// Everything is remembered once nothing goes wrong any more.
  case everythingIsRemembered = "L11"
  /// Everything is embedded, or parked with a reason, once nothing goes wrong any more.
  case everythingIsEmbedded = "L12"
  /// Every message that was taken is answered, handed over, or told to have failed.
  case everyMessageIsAnswered = "L13"
  /// The run itself ends: nothing waits for ever, and nothing goes round in circles.
  case runEnds = "L0"
}

/// Something that must not be, and was.
public struct SimulationViolation: Hashable, Sendable {
  /// What should have held.
  public var invariant: SimulationInvariant
  /// How far into the run it was noticed, in simulated time.
  public var time: Duration
  /// What happened.
  public var message: String

  /// A violation of these parts.
  public init(_ invariant: SimulationInvariant, after time: Duration, _ message: String) {
    self.invariant = invariant
    self.time = time
    self.message = message
  }
}

/// What a run of a simulation came to.
public struct SimulationReport: Sendable {
  /// What decided everything in it.
  public var seed: UInt64
  /// A hash of all that happened: two runs with the same were the same.
  public var hash: UInt64
  /// How much simulated time passed.
  public var elapsed: Duration
  /// How many jobs ran.
  public var steps: Int
  /// What should not have been; empty when all is well.
  public var violations: [SimulationViolation]
  /// How many answers were interrupted; 0 where a profile has none.
  public var interruptions = 0
  /// What happened, a line each; empty unless it was asked for.
  public var story: [String]
}
