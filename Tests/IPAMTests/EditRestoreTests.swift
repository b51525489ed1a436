import NetAddress
import Testing

@testable import IPAM

@Suite struct EditRestoreTests {
  @Test("who runs on an address that an edit brings into the subnet holds it in the same step; what does not fit is told")
  func growing() throws {
    let allocator = Allocator(seed: 1)
    try allocator.setSubnet(Bed.definition("s", "10.0.0.0/30", gateway: "10.0.0.1"))
    allocator.restoreFinished()
    func record(_ pod: String, _ address: String) throws -> HoldingRecord {
      HoldingRecord(
        nic: Bed.nic("d/\(pod)"), owner: Owner(key: "d/\(pod)"), subnet: "s", addresses: try #require(AddressPair(address)))
    }
    let outcome = try allocator.setSubnet(
      Bed.definition("s", "10.0.0.0/29", gateway: "10.0.0.1"),
      restoring: [record("a", "10.0.0.4"), record("b", "10.0.0.4"), record("c", "10.0.0.99")])
    #expect(outcome.restored.count == 3)
    guard case .granted(let granted, macAlsoHeldBy: nil) = outcome.restored[0], case .held(_, let holder) = outcome.restored[1],
      case .refused(.outOfRange) = outcome.restored[2]
    else {
      Issue.record("\(outcome.restored)")
      return
    }
    #expect(granted.v4?.description == "10.0.0.4" && holder.owner.key == "d/a")
    #expect(allocator.usage(ofSubnet: "s")?.v4.usingRanges == "10.0.0.4")
  }
}
