package import KubeAPI
package import NetAddress

/// What a test may ask about the inside of a pod, and do to the processes of a node. Only the lab provides it: on a real cluster tests
/// that need it are skipped, all others look through the API alone (decisions.md §3).
package protocol PodProbe: Sendable {
  /// The interfaces inside the pod's network namespace, loopback left out, by name.
  func interfaces(of pod: ObjectKey) async throws -> [PodInterface]
  /// Runs a program inside the pod's network namespace.
  func run(_ call: ProgramCall, in pod: ObjectKey, deadline: Duration) async throws -> CommandOutput
  /// Kills a program as a crash would; whoever looks after it starts it again.
  func kill(_ program: LabProgram) async throws
}

/// The programs of a lab that can die.
package enum LabProgram: Sendable, Hashable {
  case controller
  case daemon(node: String)
  /// kubelet and Multus.
  case agent(node: String)
}

extension PodProbe {
  /// Sends echo requests out of an interface, one a second, until one is answered: the first may be lost while neighbours find each
  /// other. Three times, since an error on the way ends `ping` early.
  package func ping(_ address: IPAddress, from pod: ObjectKey, interface: String) async throws -> Bool {
    let call = ProgramCall(Prerequisites.ping, ["-n", "-c1", "-w5", "-I", interface, address.description])
    for _ in 0..<3 {
      if try await run(call, in: pod, deadline: .seconds(30)).isSuccess { return true }
    }
    return false
  }
}
