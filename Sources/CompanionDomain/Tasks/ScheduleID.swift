/// Names a schedule, such as `daily-digest`: the same name in every process and after every restart.
public struct ScheduleID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}
