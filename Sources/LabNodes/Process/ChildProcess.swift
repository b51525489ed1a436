import CLinux
import Glibc

/// A started program. It leads a session of its own, so that a Ctrl-C at the terminal reaches only us, and a kill reaches what it
/// started in turn.
///
/// The thread that starts a child must live as long as the child where `PR_SET_PDEATHSIG` matters: the kernel's "parent" is a thread.
final class ChildProcess {
  let pid: Int32
  /// Readable once the child has ended.
  let descriptor: Int32

  /// `streams` become its standard input, output and error.
  init(_ call: ProgramCall, streams: [Int32]) throws(ProcessError) {
    guard access(call.executable, X_OK) == 0 else { throw .missing(call.executable) }
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var error = clinux_spawn_new_session(&attributes)
    for (number, stream) in streams.enumerated() where error == 0 {
      error = posix_spawn_file_actions_adddup2(&actions, stream, Int32(number))
    }
    if error == 0 { error = clinux_spawn_close_from(&actions, Int32(streams.count)) }
    guard error == 0 else { throw .system("prepare \(call.executable)", error) }
    let arguments = CStringList([call.executable] + call.arguments)
    let environment = CStringList(call.environmentLines)
    var child: pid_t = 0
    error = posix_spawn(&child, call.executable, &actions, &attributes, arguments.pointers, environment.pointers)
    guard error == 0 else { throw .system("start \(call.executable)", error) }
    pid = child
    descriptor = clinux_pidfd_open(child)
    guard descriptor >= 0 else {
      let code = errno
      kill(-child, SIGKILL)
      var status: Int32 = 0
      waitpid(child, &status, 0)
      throw .system("watch \(call.executable)", code)
    }
  }

  deinit { close(descriptor) }

  /// To the child alone.
  func signal(_ number: Int32) { _ = clinux_pidfd_signal(descriptor, number) }

  /// To the child and all that it started and that did not leave its session's process group.
  func killGroup() {
    kill(-pid, SIGKILL)
    signal(SIGKILL)
  }

  /// Waits for its end, blocking the thread.
  func wait() -> ProgramEnd {
    var (exited, status): (Int32, Int32) = (0, 0)
    let error = clinux_pidfd_wait(descriptor, 1, &exited, &status)
    // ECHILD: somebody reaped it; how it ended is lost.
    guard error == 0 else { return .exited(-1) }
    return exited == 1 ? .exited(status) : .signalled(status)
  }
}

/// A NULL-terminated array of C strings, freed with the value.
private final class CStringList {
  var pointers: [UnsafeMutablePointer<CChar>?]

  init(_ texts: [String]) { pointers = texts.map { strdup($0) } + [nil] }

  deinit { for pointer in pointers { free(pointer) } }
}
