import LabNodes
import Testing

@Suite struct NamespaceEntryTests {
  @Test("its arguments say everything that it is")
  func roundTrip() {
    var entry = NamespaceEntry(["/bin/x", "--", "-a", "b"])
    #expect(NamespaceEntry(parsing: entry.arguments) == entry)
    entry.networkNamespace = "/run/netns/n"
    entry.bind = NamespaceEntry.Bind(source: "/state/node1/openvswitch", target: "/run/openvswitch")
    entry.parent = 42
    #expect(NamespaceEntry(parsing: entry.arguments) == entry)
  }

  @Test(
    "anything else is refused",
    arguments: [
      [], ["--"], ["--netns", "--", "/bin/x"], ["--bind", "/a", "--", "/bin/x"], ["--bind", "a:b", "--", "/bin/x"],
      ["--parent", "0", "--", "/bin/x"], ["--parent", "one", "--", "/bin/x"], ["--other", "1", "--", "/bin/x"], ["/bin/x"],
    ])
  func refuses(arguments: [String]) { #expect(NamespaceEntry(parsing: arguments) == nil) }
}

@Suite struct MountTableTests {
  private let table = MountTable(
    parsing: """
      22 1 254:0 / / rw,relatime - ext4 /dev/root rw
      30 22 0:26 / /run rw shared:5 - tmpfs tmpfs rw
      44 30 0:26 /netns /run/netns rw shared:9 - tmpfs tmpfs rw
      51 30 0:26 / /run/with\\040blank\\134 rw - tmpfs tmpfs rw
      short line

      """)

  @Test(
    "a path lies on the deepest mount above it",
    arguments: [
      ("/run/openvswitch", "/run"), ("/run/netns", "/run/netns"), ("/run/netns/x", "/run/netns"), ("/runner", "/"), ("/", "/"),
      ("/run/with blank\\/x", "/run/with blank\\"),
    ])
  func mountPoint(path: String, expected: String) { #expect(table.mountPoint(of: path) == expected) }

  @Test("the running system has a root") func current() { #expect(MountTable.current().isMountPoint("/")) }
}
