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

  @Test(
    "days that no month has are refused", arguments: ["2026-02-29", "2024-02-30", "2026-04-31", "1900-02-29", "2026-01-00", "2026-00-10"])
  func calendar(date: String) { #expect(Timestamp(date + "T00:00:00Z") == nil) }

  @Test("every day of four centuries prints back as it was read")
  func everyDay() throws {
    var time = try #require(Timestamp("1900-01-01T00:00:00Z"))
    for _ in 0..<146_097 {
      #expect(Timestamp(time.description) == time)
      time = time.advanced(bySeconds: 86_400)
    }
    #expect(time.description == "2300-01-01T00:00:00Z")
  }

  @Test("beyond the ends of time it stands still")
  func saturates() {
    let last = Timestamp(microseconds: .max)
    let first = Timestamp(microseconds: .min)
    #expect(Timestamp(seconds: .max) == last && Timestamp(seconds: .min) == first)
    #expect(last.advanced(bySeconds: 1) == last && first.advanced(bySeconds: -1) == first)
    #expect(Timestamp(seconds: 1).advanced(bySeconds: .max) == last && Timestamp(seconds: -1).advanced(bySeconds: .min) == first)
    #expect(last.advanced(bySeconds: -1).advanced(bySeconds: 1) == last)
    #expect(last.seconds == 9_223_372_036_854 && first.seconds == -9_223_372_036_855)
    #expect(first < last && !first.microText.isEmpty && !last.description.isEmpty)
  }

  @Test("before 1970 microseconds count forward from the second before")
  func negative() {
    let time = Timestamp(microseconds: -1)
    #expect(time.seconds == -1 && time.microText == "1969-12-31T23:59:59.999999Z" && Timestamp(time.microText) == time)
    #expect(Timestamp(microseconds: -1_000_000).seconds == -1 && Timestamp(microseconds: 999_999).seconds == 0)
  }
}
