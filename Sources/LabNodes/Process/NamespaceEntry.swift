import CLinux
import Glibc

/// Turns this very process into another program inside a node: its network namespace, and a mount namespace in which one directory is
/// the node's own. For the hidden command `kube-ovn-lab enter`, which does nothing else.
package struct NamespaceEntry: Sendable, Equatable {
  /// A directory to see in place of another.
  package struct Bind: Sendable, Equatable {
    package var source: String
    package var target: String

    package init(source: String, target: String) {
      self.source = source
      self.target = target
    }
  }

  /// Path of the network namespace; nil stays.
  package var networkNamespace: String?
  package var bind: Bind?
  /// The process that started us: when it dies we get SIGTERM. Without it, nothing.
  package var parent: Int32?

  /// The program to become, absolute, and its arguments.
  package var program: [String]

  package init(_ program: [String]) { self.program = program }

  /// The arguments of `enter` that say this.
  package var arguments: [String] {
    var arguments: [String] = []
    if let networkNamespace { arguments += ["--netns", networkNamespace] }
    if let bind { arguments += ["--bind", bind.source + ":" + bind.target] }
    if let parent { arguments += ["--parent", String(parent)] }
    return arguments + ["--"] + program
  }

  /// nil for arguments that `arguments` did not make.
  package init?(parsing arguments: [String]) {
    guard let separator = arguments.firstIndex(of: "--"), separator + 1 < arguments.count else { return nil }
    program = Array(arguments[(separator + 1)...])
    var index = 0
    while index < separator {
      guard index + 1 < separator else { return nil }
      let value = arguments[index + 1]
      switch arguments[index] {
      case "--netns": networkNamespace = value
      case "--bind":
        let parts = value.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.hasPrefix("/") }) else { return nil }
        bind = Bind(source: String(parts[0]), target: String(parts[1]))
      case "--parent":
        guard let pid = Int32(value), pid > 0 else { return nil }
        parent = pid
      default: return nil
      }
      index += 2
    }
  }

  /// Enters and becomes the program. Returns only by throwing. Namespaces belong to threads, but `execve` leaves only the calling one.
  package func execute() throws(ProcessError) -> Never {
    if let parent {
      try check(clinux_die_with_parent(SIGTERM), "ask for a signal at the parent's death")
      // It may have died before we asked.
      guard getppid() == parent else { exit(1) }
    }
    if let bind { try enterMounts(bind) }
    if let networkNamespace {
      let descriptor = open(networkNamespace, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .system("open \(networkNamespace)", errno) }
      try check(clinux_enter_network_namespace(descriptor), "enter \(networkNamespace)")
    }
    var arguments = program.map { strdup($0) }
    arguments.append(nil)
    execv(program[0], &arguments)
    throw .system("execute \(program[0])", errno)
  }

  /// Only the mount that holds the target becomes private: /run/netns below it goes on being shared, so that a pod's namespace made in
  /// here has its name everywhere.
  private func enterMounts(_ bind: Bind) throws(ProcessError) {
    try check(clinux_new_mount_namespace(), "make a mount namespace")
    let mount = MountTable.current().mountPoint(of: bind.target)
    try check(clinux_make_private(mount), "make \(mount) private")
    try check(clinux_bind_mount(bind.source, bind.target), "mount \(bind.source) on \(bind.target)")
  }

  private func check(_ error: Int32, _ operation: String) throws(ProcessError) {
    if error != 0 { throw .system(operation, error) }
  }
}
