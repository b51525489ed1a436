import KubeAPI
import KubeRuntime
import Logging

/// Gives every pod of the node its worker, and every worker the news about its pod. Workers are known by uid: a pod of the same name
/// that comes after another is another worker's.
struct PodDispatcher {
  enum Event: Sendable {
    case changed(old: PodObject?, new: PodObject?)
    /// The first list is complete: what was adopted and is not in it is gone.
    case synced
    case ended(uid: String)
    /// Everything is to be taken down.
    case stop
  }

  private let tools: PodWorkerTools
  private let events: AsyncStream<Event>
  private let send: AsyncStream<Event>.Continuation
  private var workers: [String: AsyncStream<PodWorker.Input>.Continuation] = [:]
  /// Sandboxes of an earlier run whose pod was not seen yet.
  private var adopted: [String: Sandbox]
  private var isStopping = false

  init(_ tools: PodWorkerTools, adopting sandboxes: [Sandbox]) {
    self.tools = tools
    adopted = Dictionary(sandboxes.map { ($0.podUID, $0) }, uniquingKeysWith: { first, _ in first })
    (events, send) = AsyncStream.makeStream(of: Event.self)
  }

  /// For the store's handler and for whoever ends the agent.
  var sender: AsyncStream<Event>.Continuation { send }

  /// Runs until `stop` was sent and the last worker has ended.
  mutating func run() async {
    await withDiscardingTaskGroup { group in
      for await event in events {
        switch event {
        case .changed(let old, let new):
          if let old, old.metadata.uid != new?.metadata.uid { workers[old.metadata.uid]?.yield(.gone) }
          if let new, !isStopping { tell(new, &group) }
        case .synced: abandonUnseen(&group)
        case .ended(let uid): workers[uid] = nil
        case .stop:
          isStopping = true
          abandonUnseen(&group)
          for worker in workers.values { worker.yield(.gone) }
        }
        if isStopping, workers.isEmpty { break }
      }
    }
  }

  private mutating func tell(_ pod: PodObject, _ group: inout DiscardingTaskGroup) {
    let uid = pod.metadata.uid
    let worker = workers[uid] ?? start(uid, adopting: adopted.removeValue(forKey: uid), &group)
    worker.yield(.seen(pod))
  }

  private mutating func abandonUnseen(_ group: inout DiscardingTaskGroup) {
    for (uid, sandbox) in adopted { start(uid, adopting: sandbox, &group).yield(.gone) }
    adopted = [:]
  }

  @discardableResult
  private mutating func start(
    _ uid: String, adopting sandbox: Sandbox?, _ group: inout DiscardingTaskGroup
  ) -> AsyncStream<PodWorker.Input>.Continuation {
    let (inputs, input) = AsyncStream.makeStream(of: PodWorker.Input.self)
    workers[uid] = input
    let (tools, send) = (tools, send)
    group.addTask {
      var worker = PodWorker(tools, adopting: sandbox, inputs: inputs, send: input)
      await worker.run()
      send.yield(.ended(uid: uid))
    }
    return input
  }
}
