package import KubeAPI
package import KubeClient
package import Logging
import WireJSON

/// Sends Events in the background: whoever records never waits, and when the API server is slow the newest are dropped, never work.
package final class EventRecorder: Sendable {
  private let client: KubeClient
  private let stream: AsyncStream<EventDraft>
  private let continuation: AsyncStream<EventDraft>.Continuation
  private let component: String
  private let host: String
  private let now: @Sendable () -> Timestamp
  private let logger: Logger

  /// More than a burst of pods makes, and still little memory.
  static let capacity = 16_384

  package init(
    client: KubeClient, component: String, host: String = "", logger: Logger, now: @escaping @Sendable () -> Timestamp
  ) {
    self.client = client
    self.component = component
    self.host = host
    self.logger = logger
    self.now = now
    (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
  }

  package func record(_ draft: EventDraft) {
    if case .dropped = continuation.yield(draft) {
      logger.warning("event dropped", metadata: ["reason": "\(draft.reason)", "object": "\(draft.object)", "message": "\(draft.message)"])
    }
  }

  /// Sends what is recorded until cancelled.
  package func run() async {
    var aggregator = EventAggregator(component: component, host: host)
    for await draft in stream {
      do {
        do {
          try await send(aggregator.write(draft, now: now()))
        } catch let error as APIError where error.isNotFound {
          // The Event that was to be counted up has expired meanwhile.
          aggregator.forget(draft)
          try await send(aggregator.write(draft, now: now()))
        }
      } catch is CancellationError {
        return
      } catch {
        aggregator.forget(draft)
        logger.debug("event not sent", metadata: ["reason": "\(draft.reason)", "object": "\(draft.object)", "error": "\(error)"])
      }
    }
  }

  private func send(_ write: EventAggregator.Write) async throws {
    switch write {
    case .create(let namespace, let body): _ = try await client.create(KubernetesEvent.self, namespace: namespace, body: body)
    case .patch(let key, let body): _ = try await client.patch(KubernetesEvent.self, key, merge: body)
    }
  }
}
