import CNI
import Glibc

/// The process's standard streams.
enum Streams {
  /// A configuration with a previous result of hundreds of interfaces stays far below this.
  private static let inputLimit = 4 << 20

  /// Everything on stdin up to its end.
  static func readInput() throws(CNIError) -> [UInt8] {
    var input: [UInt8] = []
    while true {
      let chunk = try read(STDIN_FILENO, atMost: 65536)
      if chunk.isEmpty { return input }
      input += chunk
      guard input.count <= inputLimit else {
        throw CNIError(.inputOutput, "error reading from stdin: more than \(inputLimit) bytes")
      }
    }
  }

  private static func read(_ descriptor: Int32, atMost limit: Int) throws(CNIError) -> [UInt8] {
    while true {
      var count = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
        count = Glibc.read(descriptor, buffer.baseAddress, limit)
        initialized = max(0, count)
      }
      if count >= 0 { return bytes }
      guard errno == EINTR else { throw CNIError(.inputOutput, "error reading from stdin: \(systemError(errno))") }
    }
  }

  /// Writes everything; when the reader is gone there is nobody left to tell, and the exit status says enough.
  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        exit(1)
      }
    }
  }
}

/// The system's words for an errno.
func systemError(_ code: Int32) -> String { String(cString: strerror(code)) }
