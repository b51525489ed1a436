import IPAM
import KubeAPI
import NetAddress
import PodNetwork
import Testing

@testable import Controllers

@Suite struct WaitingPodsTests {
  private let own = PoolKey(subnet: "s", pool: "")
  private let web = PoolKey(subnet: "s", pool: "web")

  private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "d", name: name) }

  private func address(_ text: String) throws -> IPAddress { try IPAddress(parsing: text) }

  private func returned(_ text: String, _ pool: PoolKey?) throws -> Returned {
    .address(try address(text), subnet: "s", pool: pool)
  }

  /// Parks with nothing having changed meanwhile.
  private func park(_ waiting: inout WaitingPods, _ name: String, _ created: Int64, _ awaited: Set<Awaited>) {
    let isStale = waiting.park(key(name), created: Timestamp(seconds: created), awaiting: awaited, since: waiting.ticket)
    #expect(!isStale)
  }

  private func parked() throws -> WaitingPods {
    var waiting = WaitingPods()
    park(&waiting, "young", 30, [.pool(own, .v4), .pool(web, .v4)])
    park(&waiting, "old", 10, [.pool(own, .v4)])
    park(&waiting, "middle", 20, [.pool(web, .v4)])
    park(&waiting, "six", 5, [.pool(own, .v6)])
    park(&waiting, "fixed", 15, [.address(try address("10.0.0.9"), subnet: "s")])
    park(&waiting, "edit", 1, [])
    return waiting
  }

  /// Everybody woken by one thing that came back, one after the other, as if nobody could use it.
  private func chain(_ waiting: inout WaitingPods, _ returned: Returned, isOpen: (Awaited) -> Bool = { _ in true }) -> [String] {
    var names: [String] = []
    var next = waiting.wake(for: returned)
    while let pod = next {
      names.append(pod.name)
      let wakeUps = waiting.takeWakeUps(of: pod)
      #expect(wakeUps.count == 1)
      next = wakeUps.first.flatMap { waiting.passOn($0, isOpen: isOpen) }
    }
    return names
  }

  @Test("what comes back wakes the oldest of those who wait for its pool and family, or for that very address")
  func wakes() throws {
    var waiting = try parked()
    #expect(waiting.wake(for: try returned("10.0.0.5", own)) == key("old"))
    #expect(waiting.wake(for: try returned("10.0.0.7", web)) == key("middle"))
    #expect(waiting.wake(for: try returned("fd00::5", own)) == key("six"))
    #expect(waiting.wake(for: try returned("10.0.0.9", nil)) == key("fixed"))
    #expect(waiting.wake(for: try returned("10.0.0.8", nil)) == nil)
    #expect(waiting.wake(for: try returned("fd00::7", web)) == nil)
    #expect(waiting.wake(for: .address(try address("10.0.0.9"), subnet: "t", pool: PoolKey(subnet: "t", pool: ""))) == nil)
  }

  @Test("two that come back wake two, never the same pod twice")
  func wakesTwo() throws {
    var waiting = try parked()
    #expect(waiting.wake(for: try returned("10.0.0.5", own)) == key("old"))
    #expect(waiting.wake(for: try returned("10.0.0.6", own)) == key("young"))
    #expect(waiting.wake(for: try returned("10.0.0.7", own)) == nil)
    // Young tries anyhow, so that the next one of the other pool goes to who waits for that.
    #expect(waiting.wake(for: try returned("10.0.0.20", web)) == key("middle"))
  }

  @Test("a wake-up that nobody can use walks the line once, each pod behind the last")
  func walks() throws {
    var waiting = try parked()
    #expect(chain(&waiting, try returned("10.0.0.5", own)) == ["old", "young"])
    #expect(chain(&waiting, try returned("10.0.0.9", own)) == ["old", "fixed", "young"])
    #expect(chain(&waiting, try returned("10.0.0.9", nil)) == ["fixed"])
  }

  @Test("it stops where it has been used: a pool with nothing left wakes nobody more, nor does an address that is held")
  func stops() throws {
    var waiting = try parked()
    #expect(chain(&waiting, try returned("10.0.0.5", own), isOpen: { _ in false }) == ["old"])
    let only = Awaited.address(try address("10.0.0.9"), subnet: "s")
    #expect(chain(&waiting, try returned("10.0.0.9", own), isOpen: { $0 == only }) == ["old", "fixed"])
  }

  @Test("a pod that was served or is gone passes on from its old place in line")
  func passesOnWhenGone() throws {
    var waiting = try parked()
    #expect(waiting.wake(for: try returned("10.0.0.5", own)) == key("old"))
    waiting.remove(key("old"))
    let wakeUp = try #require(waiting.takeWakeUps(of: key("old")).first)
    #expect(waiting.passOn(wakeUp, isOpen: { _ in true }) == key("young"))
    #expect(waiting.takeWakeUps(of: key("old")).isEmpty)
  }

  @Test("a pod that waits for a MAC is woken by that MAC alone")
  func macs() throws {
    let mac = try #require(MACAddress("02:00:00:00:00:01"))
    var waiting = WaitingPods()
    park(&waiting, "p", 1, [.mac(mac, subnet: "s")])
    #expect(waiting.wake(for: try returned("10.0.0.5", own)) == nil)
    #expect(waiting.wake(for: .mac(mac, subnet: "t")) == nil)
    #expect(waiting.wake(for: .mac(mac, subnet: "s")) == key("p"))
  }

  @Test("an edit wakes everybody, the oldest first")
  func wakesAll() throws {
    var waiting = try parked()
    #expect(waiting.edit().map(\.name) == ["edit", "six", "old", "fixed", "middle", "young"])
  }

  @Test("what changes while a pod is being judged is not missed")
  func tickets() throws {
    var waiting = WaitingPods()
    let pool: Set<Awaited> = [.pool(own, .v4)]
    let time = Timestamp(seconds: 1)
    let before = waiting.ticket
    #expect(waiting.wake(for: try returned("10.0.0.5", own)) == nil)
    let isAfterReturn = waiting.park(key("p"), created: time, awaiting: pool, since: before)
    // Who waits for an edit is not helped by an address.
    let isForEdit = waiting.park(key("q"), created: time, awaiting: [], since: before)
    let isFresh = waiting.park(key("p"), created: time, awaiting: pool, since: waiting.ticket)
    #expect([isAfterReturn, isForEdit, isFresh] == [true, false, false])
    let then = waiting.ticket
    #expect(Set(waiting.edit()) == [key("p"), key("q")])
    let isAfterEdit = waiting.park(key("q"), created: time, awaiting: [], since: then)
    #expect(isAfterEdit)
  }

  @Test("a pod that is served, or parked anew, leaves its former lines")
  func leaves() throws {
    var waiting = try parked()
    waiting.remove(key("old"))
    park(&waiting, "young", 30, [.pool(web, .v4)])
    #expect(chain(&waiting, try returned("10.0.0.5", own)).isEmpty)
    #expect(chain(&waiting, try returned("10.0.0.5", web)) == ["middle", "young"])
    #expect(waiting.count == 5)
  }

  @Test("of one age, the name decides")
  func ties() throws {
    var waiting = WaitingPods()
    for name in ["b", "a", "c"] { park(&waiting, name, 1, [.pool(own, .v4)]) }
    #expect(chain(&waiting, try returned("10.0.0.5", own)) == ["a", "b", "c"])
  }
}

/// What refused pods wait for and what comes back, as the allocator's answers say it.
@Suite struct AwaitedTests {
  private let owner = PodOwner(namespace: "d", name: "p", uid: "1", kind: .plain)
  private let allocator = Allocator(seed: 1)
  private let pool = PoolKey(subnet: "s", pool: "web")

  init() throws {
    try allocator.setSubnet(
      SubnetDefinition(
        name: "s", cidrs: try CIDRBlock(parsing: "10.0.0.0/29"), gateways: AddressPair(try IPAddress(parsing: "10.0.0.1")),
        excludes: [try AddressRange(parsing: "10.0.0.1"), try AddressRange(parsing: "10.0.0.5")]))
    try allocator.setPool(PoolDefinition(name: "web", entries: ["10.0.0.4"]), in: "s")
    allocator.restoreFinished()
  }

  private func binding(_ wish: AddressWish) -> AttachmentBinding {
    let provider = ProviderName("macvlan.default")
    let attachment = Attachment(
      network: ObjectKey(namespace: "default", name: "macvlan"), provider: provider, subnetProvider: provider, interface: "net1",
      namesInterface: false)
    var whole = AttachmentWish()
    whole.address = wish
    return AttachmentBinding(attachment: attachment, wish: whole, places: [AddressPlace(subnet: "s", wish: wish)])
  }

  private func fixed(_ text: String) throws -> AddressWish { .fixed([RequestedAddress(address: try IPAddress(parsing: text))]) }

  private func take(_ wish: AddressWish, mac: String? = nil, as name: String) throws {
    var binding = binding(wish)
    binding.wish.mac = mac.flatMap { MACAddress($0) }
    let owner = PodOwner(namespace: "d", name: name, uid: name, kind: .plain)
    _ = try allocator.allocate([binding.request(owner: owner)], owner: owner.allocatorOwner)
  }

  private func awaited(_ wish: AddressWish, mac: String? = nil) -> Set<Awaited> {
    var binding = binding(wish)
    binding.wish.mac = mac.flatMap { MACAddress($0) }
    do throws(AllocationFailure) {
      _ = try allocator.allocate([binding.request(owner: owner)], owner: owner.allocatorOwner)
      return []
    } catch {
      return error.awaited([binding], owner)
    }
  }

  @Test("a full pool is waited for in the family that is lacking")
  func pools() throws {
    try take(.pool("web"), as: "a")
    #expect(awaited(.pool("web")) == [.pool(pool, .v4)])
  }

  @Test("a held address, each of a list, and a held MAC are waited for themselves")
  func addresses() throws {
    let (three, four) = (try IPAddress(parsing: "10.0.0.3"), try IPAddress(parsing: "10.0.0.4"))
    try take(try fixed("10.0.0.3"), mac: "02:00:00:00:00:01", as: "a")
    try take(try fixed("10.0.0.4"), as: "b")
    #expect(awaited(try fixed("10.0.0.3")) == [.address(three, subnet: "s")])
    #expect(awaited(.oneOf([[three], [four]])) == [.address(three, subnet: "s"), .address(four, subnet: "s")])
    let mac = try #require(MACAddress("02:00:00:00:00:01"))
    #expect(awaited(.any, mac: "02:00:00:00:00:01") == [.mac(mac, subnet: "s")])
  }

  @Test("what only an edit can cure waits for nothing that comes back")
  func edits() throws {
    #expect(awaited(try fixed("10.9.9.9")).isEmpty)
    #expect(awaited(.pool("none")).isEmpty)
    #expect(awaited(try fixed("10.0.0.1")).isEmpty)
  }

  @Test("a NIC that goes returns its address by pool, an excluded one without, and its MAC")
  func returns() throws {
    try take(try fixed("10.0.0.4"), as: "a")
    try take(try fixed("10.0.0.5"), mac: "02:00:00:00:00:01", as: "b")
    let mac = try #require(MACAddress("02:00:00:00:00:01"))
    let first = try #require(allocator.release(nic: "a.d.macvlan.default", of: Owner(key: "d/a")))
    #expect(Returned.all(of: first, in: allocator) == [.address(try IPAddress(parsing: "10.0.0.4"), subnet: "s", pool: pool)])
    let second = try #require(allocator.release(nic: "b.d.macvlan.default", of: Owner(key: "d/b")))
    #expect(
      Returned.all(of: second, in: allocator)
        == [.address(try IPAddress(parsing: "10.0.0.5"), subnet: "s", pool: nil), .mac(mac, subnet: "s")])
  }

  @Test("a NIC that moves returns what it left and nothing else")
  func moves() throws {
    try take(try fixed("10.0.0.5"), mac: "02:00:00:00:00:01", as: "p")
    let old = try #require(allocator.held(nic: "p.d.macvlan.default", ofOwner: "d/p")?.allocation)
    let new = try allocator.allocate([binding(try fixed("10.0.0.2")).request(owner: owner)], owner: owner.allocatorOwner)[0]
    #expect(
      Returned.changes(from: old, to: new, freed: new.freed, in: allocator)
        == [.address(try IPAddress(parsing: "10.0.0.5"), subnet: "s", pool: nil)])
    #expect(Returned.changes(from: new, to: new, freed: [], in: allocator).isEmpty)
  }
}
