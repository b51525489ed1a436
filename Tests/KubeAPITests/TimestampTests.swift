import KubeAPI
import Testing

@Suite struct TimestampTests {
  @Test(
    "a time is read and printed back in UTC",
    arguments: [
      ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", Int64(0)), ("2026-11-25T00:22:00Z", "2026-11-25T00:22:00Z", 1_795_566_120),
      ("2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59Z", 1_709_251_199),
      ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", 1_767_225_600),
      ("2000-03-01T00:00:00-00:30", "2000-03-01T00:30:00Z", 951_870_600), ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z", -1),
    ])
  func parses(text: String, printed: String, seconds: Int64) throws {
    let time = try #require(Timestamp(text))
    #expect(time.seconds == seconds)
    #expect(time.description == printed)
  }

  @Test("microseconds survive the form that Leases use")
  func microseconds() throws {
    let time = try #require(Timestamp("2026-01-01T00:00:01.000002Z"))
    #expect(time.microText == "2026-01-01T00:00:01.000002Z")
    #expect(Timestamp("2026-01-01T00:00:01.123456789Z")?.microText == "2026-01-01T00:00:01.123456Z")
  }

  @Test(
    "what is no RFC 3339 time is refused",
    arguments: [
      "", "2026", "2026-13-01T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
      "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00Zx",
    ])
  func refuses(text: String) { #expect(Timestamp(text) == nil) }
}
