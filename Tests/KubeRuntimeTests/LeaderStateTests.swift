import KubeAPI
import Testing

@testable import KubeRuntime

@Suite("leader election, as a value") struct LeaderStateTests {
  private let key = ObjectKey(namespace: "kube-system", name: "l")
  private let wall = Timestamp(seconds: 1_000_000)

  private func state(_ identity: String = "me") -> LeaderState {
    LeaderState(key: key, identity: identity, times: LeaderState.Times())
  }

  private func lease(_ holder: String, version: Int, transitions: Int64 = 3, seconds: Int64 = 15, uid: String = "u") -> Lease {
    var lease = Lease(metadata: ObjectMeta(name: "l", namespace: "kube-system"))
    lease.metadata.uid = uid
    lease.metadata.resourceVersion = "\(version)"
    lease.holderIdentity = holder
    lease.leaseTransitions = transitions
    lease.leaseDurationSeconds = seconds
    lease.renewTime = Timestamp(seconds: Int64(version))
    return lease
  }

  @Test("a lease that does not exist is created, with term 0")
  func create() {
    var state = state()
    state.observed(nil, at: .zero)
    guard case .create(let lease) = state.claim(now: .zero, wall: wall) else {
      Issue.record("must create")
      return
    }
    #expect(lease.holderIdentity == "me" && lease.leaseTransitions == 0 && lease.leaseDurationSeconds == 15)
    #expect(lease.acquireTime == wall && lease.renewTime == wall && lease.metadata.resourceVersion.isEmpty)
  }

  @Test("another's lease is respected for its duration from when its last renewal was seen, by our clock")
  func respect() {
    var state = state()
    state.observed(lease("other", version: 1), at: .seconds(100))
    #expect(state.claim(now: .seconds(114), wall: wall) == .wait)
    state.observed(lease("other", version: 2), at: .seconds(114))
    #expect(state.claim(now: .seconds(128), wall: wall) == .wait)
    // Seen again without a renewal: nothing starts anew.
    state.observed(lease("other", version: 2), at: .seconds(128))
    guard case .replace(let claim) = state.claim(now: .seconds(129), wall: wall) else {
      Issue.record("must claim")
      return
    }
    #expect(claim.holderIdentity == "me" && claim.leaseTransitions == 4 && claim.metadata.resourceVersion == "2")
  }

  @Test("labels that change keep a dead holder's lease from nobody")
  func labels() {
    var state = state()
    state.observed(lease("other", version: 1), at: .zero)
    var touched = lease("other", version: 1)
    touched.metadata.resourceVersion = "9"
    touched.metadata.labels = ["a": "b"]
    state.observed(touched, at: .seconds(14))
    guard case .replace(let claim) = state.claim(now: .seconds(15), wall: wall) else {
      Issue.record("must claim")
      return
    }
    #expect(claim.metadata.resourceVersion == "9" && claim.metadata.labels == ["a": "b"])
  }

  @Test("a released lease, and one of an earlier run with our name, is taken at once, in a new term", arguments: ["", "me"])
  func atOnce(holder: String) {
    var state = state()
    state.observed(lease(holder, version: 1), at: .zero)
    guard case .replace(let claim) = state.claim(now: .zero, wall: wall) else {
      Issue.record("must claim")
      return
    }
    #expect(claim.leaseTransitions == 4)
  }

  @Test("a leader's time runs from the beginning of its last renewal that succeeded")
  func deadline() {
    var state = state()
    state.acquired(lease("me", version: 5), startedAt: .seconds(10))
    #expect(state.term == 3)
    #expect(state.remaining(now: .seconds(12)) == .seconds(8))
    state.renewed(lease("me", version: 6), startedAt: .seconds(12))
    #expect(state.remaining(now: .seconds(12)) == .seconds(10))
    #expect(state.remaining(now: .seconds(30)) < .zero)
    #expect(state.renewal(wall: wall)?.metadata.resourceVersion == "6")
    #expect(state.renewal(wall: wall)?.renewTime == wall)
  }

  @Test("after a conflict the lease is ours only with our name, in our term, and as the same object")
  func reconciled() {
    for (lease, isOurs) in [
      (lease("me", version: 9), true), (lease("other", version: 9), false), (lease("me", version: 9, transitions: 4), false),
      (lease("me", version: 9, uid: "x"), false), (nil, false),
    ] {
      var state = state()
      state.acquired(self.lease("me", version: 5), startedAt: .zero)
      #expect(state.reconciled(lease) == isOurs)
      #expect((state.term != nil) == isOurs)
      #expect(state.remaining(now: .seconds(3)) == .seconds(7))
      #expect(state.renewal(wall: wall)?.metadata.resourceVersion == (isOurs ? "9" : nil))
      #expect((state.release(wall: wall) != nil) == isOurs)
    }
  }

  @Test("a released lease names nobody and is over at once, in the same term")
  func release() {
    var state = state()
    #expect(state.release(wall: wall) == nil)
    state.acquired(lease("me", version: 5), startedAt: .zero)
    let free = state.release(wall: wall)
    #expect(free?.holderIdentity == "" && free?.leaseDurationSeconds == 1 && free?.leaseTransitions == 3)
    #expect(free?.metadata.resourceVersion == "5")
  }

  @Test(
    "times with which two could lead at once are refused",
    arguments: [(15, 10, 2, true), (10, 10, 2, false), (15, 2, 2, false), (15, 10, 0, false), (30, 20, 6, true)])
  func times(duration: Int, deadline: Int, period: Int, isGood: Bool) {
    let times = LeaderState.Times(duration: .seconds(duration), renewDeadline: .seconds(deadline), retryPeriod: .seconds(period))
    #expect((times.fault == nil) == isGood)
  }
}
