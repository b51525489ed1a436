import Glibc
import HTTPMessage
import Logging
import Testing

@testable import HTTPTransport

@Suite("unix socket files", .timeLimit(.minutes(10))) struct UnixSocketTests {
  private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  @Test("the file has its mode, answers, and is gone afterwards")
  func life() async throws {
    try await withTemporaryDirectory { directory async throws in
      let path = directory + "/a.sock"
      let server = HTTPServer(.unix(path: path, mode: 0o620), logger: quiet, handler: echo)
      try await server.withRunning { endpoint async throws in
        #expect(endpoint == .unix(path: path))
        #expect(mode(path) == 0o620)
        #expect(server.isReachable)
        #expect(try await pool(endpoint).exchange(get("/x")).headers["x-target"] == "/x")
      }
      #expect(mode(path) == nil)
      #expect(!server.isReachable)
    }
  }

  @Test("a file on which nobody answers is replaced")
  func stale() async throws {
    try await withTemporaryDirectory { directory async throws in
      let path = directory + "/a.sock"
      let dead = try UnixSocketFile.listen(path: path, mode: 0o600, backlog: 1)
      close(dead.descriptor)
      #expect(mode(path) != nil)
      try await HTTPServer(.unix(path: path, mode: 0o600), logger: quiet, handler: echo).withRunning { endpoint async throws in
        #expect(try await pool(endpoint).exchange(get("/")).status == 200)
      }
    }
  }

  @Test("a file on which somebody answers, and a file that is no socket, are left alone")
  func occupied() async throws {
    try await withTemporaryDirectory { directory async throws in
      let path = directory + "/a.sock"
      try await HTTPServer(.unix(path: path, mode: 0o600), logger: quiet, handler: echo).withRunning { endpoint async throws in
        let second = HTTPServer(.unix(path: path, mode: 0o600), logger: quiet, handler: echo)
        await #expect(throws: HTTPServerError.inUse(path: path)) { try await second.bind() }
        #expect(try await pool(endpoint).exchange(get("/")).status == 200)
      }
      let file = directory + "/file"
      close(open(file, O_CREAT | O_WRONLY, 0o600))
      let third = HTTPServer(.unix(path: file, mode: 0o600), logger: quiet, handler: echo)
      await #expect(throws: HTTPServerError.notASocket(path: file)) { try await third.bind() }
      #expect(mode(file) == 0o600)
    }
  }

  @Test("paths that a socket address cannot hold, and directories that are not there, are errors")
  func badPaths() async throws {
    let long = "/tmp/" + String(repeating: "x", count: 110)
    await #expect(throws: HTTPServerError.pathTooLong(path: long)) {
      try await HTTPServer(.unix(path: long, mode: 0o600), logger: quiet, handler: echo).bind()
    }
    await #expect(throws: HTTPServerError.cannotListen("unix:/nonexistent/a", reason: "No such file or directory")) {
      try await HTTPServer(.unix(path: "/nonexistent/a", mode: 0o600), logger: quiet, handler: echo).bind()
    }
  }

  @Test("a file that vanishes is made again, and answers")
  func vanished() async throws {
    try await withTemporaryDirectory { directory async throws in
      let path = directory + "/a.sock"
      // The server says so once it is done; the directory alone would show the file before the server knows of it itself.
      let (remade, notices) = AsyncStream.makeStream(of: Void.self)
      let logger = Logger(label: "test") { _ in NoticeHandler(notices) }
      let server = HTTPServer(.unix(path: path, mode: 0o600), logger: logger, handler: echo)
      try await server.withRunning { endpoint async throws in
        for _ in 0..<3 {
          unlink(path)
          for await _ in remade { break }
          #expect(server.isReachable)
          #expect(try await pool(endpoint).exchange(get("/")).status == 200)
        }
      }
      #expect(mode(path) == nil)
    }
  }

  @Test("another server's file is not removed at the end")
  func foreignFile() async throws {
    try await withTemporaryDirectory { directory async throws in
      let path = directory + "/a.sock"
      let other = try UnixSocketFile.listen(path: directory + "/b.sock", mode: 0o600, backlog: 8)
      defer { close(other.descriptor) }
      let old = HTTPServer(.unix(path: path, mode: 0o600), logger: quiet, handler: echo)
      try await old.withRunning { _ async throws in
        // As a successor does: its socket takes over the path. It answers, so it is left alone.
        #expect(rename(other.file.path, path) == 0)
        #expect(!old.isReachable)
      }
      #expect(UnixSocketFile(at: path)?.inode == other.file.inode)
      #expect(UnixSocketFile.isAnswered(path))
    }
  }

  @Test("a socket that is bound already is served")
  func boundSocket() async throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #expect(bindToLoopback(descriptor) != nil)
    try await HTTPServer(.boundSocket(descriptor), logger: quiet, handler: echo).withRunning { endpoint async throws in
      #expect(try await pool(endpoint).exchange(get("/")).status == 200)
    }
  }
}
