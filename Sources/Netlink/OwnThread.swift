import Glibc
import Synchronization

/// A thread for one piece of work, thrown away after it: for what changes the thread itself, as entering a namespace does.
enum OwnThread {
  /// Runs `body` on a new thread and waits for its end. EAGAIN when the system has no thread left.
  static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) throws(NetlinkError) -> Value {
    let slot = Slot<Value>()
    let thread = try start { slot.fill(body()) }
    pthread_join(thread, nil)
    guard let value = slot.content else { preconditionFailure("a joined thread has filled its slot") }
    return value
  }

  /// Runs `body` on a new thread and resumes when it ends, without blocking a thread of the pool.
  static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      do throws(NetlinkError) {
        pthread_detach(try start { continuation.resume(returning: body()) })
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  private static func start(_ body: @escaping @Sendable () -> Void) throws(NetlinkError) -> pthread_t {
    var thread = pthread_t()
    let job = Unmanaged.passRetained(ThreadJob(body))
    let error = pthread_create(
      &thread, nil,
      { context in
        // The pointer is the job that `passRetained` above kept alive for exactly this thread.
        if let context { Unmanaged<ThreadJob>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, job.toOpaque())
    guard error == 0 else {
      job.release()
      throw NetlinkError("start a thread", errno: error)
    }
    return thread
  }
}

private final class ThreadJob: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Carries a thread's outcome to the one who joins it.
private final class Slot<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)

  func fill(_ new: Value) { value.withLock { $0 = new } }
  var content: Value? { value.withLock { $0 } }
}
