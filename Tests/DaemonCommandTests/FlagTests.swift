import DaemonCommand
import Testing

@Suite struct FlagTableTests {
  private let table = FlagTable(withValue: ["ovn-nb-addr", "gc"], boolean: ["enable-lb"])

  @Test(
    "foreign flags go, with their values, in every form; the rest stays in order",
    arguments: [
      ([], [], []), (["--kubeconfig", "f"], ["--kubeconfig", "f"], []), (["--ovn-nb-addr=tcp:1", "--mtu=3"], ["--mtu=3"], ["ovn-nb-addr"]),
      (["--ovn-nb-addr", "tcp:1", "--mtu", "3"], ["--mtu", "3"], ["ovn-nb-addr"]),
      (["--enable-lb", "--mtu", "3"], ["--mtu", "3"], ["enable-lb"]), (["--enable-lb=false", "x"], ["x"], ["enable-lb"]),
      (["--gc"], [], ["gc"]), (["--", "--gc", "1"], ["--", "--gc", "1"], []), (["-v", "--unknown"], ["-v", "--unknown"], []),
    ] as [([String], [String], [String])])
  func splits(arguments: [String], own: [String], ignored: [String]) {
    let split = table.split(arguments)
    #expect(split.own == own)
    #expect(split.ignored == ignored)
  }
}

@Suite struct GoDurationTests {
  @Test(
    "durations as Go writes them",
    arguments: [
      ("30s", .seconds(30)), ("1m30s", .seconds(90)), ("500ms", .milliseconds(500)), ("1.5h", .seconds(5400)), ("360", .seconds(360)),
      ("0", .zero), ("10us", .microseconds(10)),
    ] as [(String, Duration)])
  func parses(text: String, expected: Duration) { #expect(GoDuration.parse(text) == expected) }

  @Test("anything else is refused", arguments: ["", "s", "5 s", "1d", "-5s", "1.2.3s", "1s2", "∞s"])
  func refuses(text: String) {
    #expect(GoDuration.parse(text) == nil)
  }
}
