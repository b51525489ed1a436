import Glibc

/// Small files, read and written whole.
package enum TextFile {
  /// nil when it cannot be read.
  package static func read(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

  package static func bytes(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count > 0 {
        content += buffer.prefix(count)
      } else if count == 0 {
        return content
      } else if errno != EINTR {
        return nil
      }
    }
  }

  /// Writes a new file beside the old one and puts it in its place, so that a reader sees the one or the other.
  package static func replace(_ path: String, _ content: some Sequence<UInt8>, mode: UInt32 = 0o644) throws(ProcessError) {
    let temporary = path + ".new"
    try write(temporary, content, mode: mode)
    guard rename(temporary, path) == 0 else { throw .system("rename \(temporary)", errno) }
  }

  /// Writes into an existing file, such as a kernel setting, or a new one.
  package static func write(_ path: String, _ content: some Sequence<UInt8>, mode: UInt32 = 0o644) throws(ProcessError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw .system("write \(path)", errno) }
    defer { close(descriptor) }
    var rest = Array(content)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw .system("write \(path)", errno)
      }
    }
  }

  /// The names in a directory, sorted; empty when there is none.
  package static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Makes a directory and those above it.
  package static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(ProcessError) {
    if mkdir(path, mode) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { throw .system("make \(path)", errno) }
    try makeDirectory(String(path[..<slash]), mode: mode)
    guard mkdir(path, mode) == 0 || errno == EEXIST else { throw .system("make \(path)", errno) }
  }

  /// Removes a file or a whole tree, without following links. What is not there is removed already.
  package static func removeTree(_ path: String) {
    if unlink(path) == 0 || errno == ENOENT { return }
    for name in names(in: path) { removeTree(path + "/" + name) }
    rmdir(path)
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
