import CNI
import Testing

@testable import kube_ovn

@Suite struct HTTPAnswerParserTests {
  /// Feeds the text in pieces of this size.
  private func parse(_ text: String, pieces size: Int) throws -> DaemonAnswer {
    var parser = HTTPAnswerParser()
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: size) {
      if let answer = try parser.receive(bytes[start..<min(start + size, bytes.count)]) { return answer }
    }
    return try parser.end()
  }

  @Test(
    "an answer is read whatever frames its body and however it is cut up",
    arguments: [
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
      ("HTTP/1.1 500 Internal Server Error\r\ncontent-length:5\r\nX: y\r\n\r\nhello", 500, "hello"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n", 200, "hello"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 99\r\n\r\n00005\r\nhello\r\n0\r\n\r\n", 200, "hello"),
      ("HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello"), ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, ""),
      ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, ""),
      ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
      ("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", 200, "hello"),
    ])
  func good(text: String, status: Int, body: String) throws {
    for size in [1, 2, 3, 7, 1000] {
      #expect(try parse(text, pieces: size) == DaemonAnswer(status: status, body: Array(body.utf8)), "pieces of \(size)")
    }
  }

  @Test(
    "what is no answer, or not a whole one, is an error",
    arguments: [
      "", "HTTP/1.1", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2OO OK\r\n\r\n", "HTTP/1.1 999 X\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
      "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    ])
  func bad(text: String) {
    for size in [1, 1000] {
      #expect(throws: HTTPAnswerParser.Failure.self, "pieces of \(size)") { try parse(text, pieces: size) }
    }
  }

  @Test("neither an endless head nor an endless body is collected")
  func endless() {
    for (start, filler) in [("HTTP/1.1 200 OK\r\nX: ", "x"), ("HTTP/1.1 200 OK\r\n", "X: y\r\n"), ("HTTP/1.1 200 OK\r\n\r\n", "x")] {
      var parser = HTTPAnswerParser()
      #expect(throws: HTTPAnswerParser.Failure.self) {
        _ = try parser.receive(Array(start.utf8))
        for _ in 0..<2000 { _ = try parser.receive(Array(String(repeating: filler, count: 1000).utf8)) }
      }
    }
  }
}

@Suite struct DaemonSocketTests {
  private func post(_ daemon: FakeDaemon, limit: Duration = .seconds(300)) throws(CNIError) -> DaemonAnswer {
    let socket = try DaemonSocket(path: daemon.path, limit: limit)
    return try socket.post(.add, Array("{}".utf8))
  }

  @Test("a daemon that does not answer is given up at the deadline", .timeLimit(.minutes(10)))
  func silence() throws {
    let daemon = try FakeDaemon(.silence)
    let error = #expect(throws: CNIError.self) { try post(daemon, limit: .milliseconds(150)) }
    #expect(error == .callFailed("the node daemon on \(daemon.path) did not answer within 0.15 seconds"))
  }

  @Test("a daemon that answers by drops is given up at the same deadline; one that breaks off, at once", .timeLimit(.minutes(10)))
  func drops() throws {
    let pieces = ["HTTP/1.1 200 OK\r\n", "Content-Length: 1000\r\n\r\n", "{", "}"]
    let stuck = try FakeDaemon(.drops(pieces))
    #expect(throws: CNIError.callFailed("the node daemon on \(stuck.path) did not answer within 0.15 seconds")) {
      try post(stuck, limit: .milliseconds(150))
    }
    let gone = try FakeDaemon(.raw(pieces))
    #expect(throws: CNIError.callFailed("POST /api/v1/add on \(gone.path): the answer ends early")) { try post(gone) }
  }

  @Test("the request is one a strict server takes: type, length, no compression asked for")
  func head() throws {
    let daemon = try FakeDaemon(.response(oneAddress))
    #expect(try post(daemon).status == 200)
    #expect(
      daemon.calls.first?.head == [
        "POST /api/v1/add HTTP/1.1", "Host: dummy", "User-Agent: kube-ovn/\(Plugin.version)", "Accept: application/json",
        "Content-Type: application/json", "Content-Length: 2", "Connection: close",
      ])
  }

  @Test("a path no socket can have is a fault of the configuration", arguments: ["", String(repeating: "x", count: 108), "a\0b"])
  func badPath(path: String) throws {
    let error = #expect(throws: CNIError.self) {
      let socket = try DaemonSocket(path: path, limit: .seconds(1))
      _ = try socket.post(.add, [])
    }
    #expect(error?.code == .invalidConfiguration)
  }
}
