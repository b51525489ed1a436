import HTTPMessage
import Synchronization
import Testing

@testable import HTTPTransport

@Suite("HTTP client", .timeLimit(.minutes(10))) struct HTTPPoolTests {
  private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  /// The error's case without its values.
  private func kind(_ error: HTTPExchangeError?) -> String {
    switch error {
    case .notConnected: "notConnected"
    case .lostAnswer: "lostAnswer"
    case .timedOut: "timedOut"
    case .malformed: "malformed"
    case nil: "none"
    }
  }

  @Test("a large body goes both ways unchanged, over TCP and over a unix socket", arguments: [false, true])
  func bigBodies(isUnix: Bool) async throws {
    try await withTemporaryDirectory { directory async throws in
      let listener = isUnix ? HTTPListener.unix(path: directory + "/s", mode: 0o600) : loopback
      try await HTTPServer(listener, logger: quiet, handler: echo).withRunning { endpoint async throws in
        let body = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let response = try await pool(endpoint).exchange(HTTPRequest(method: "PUT", target: "/b", body: body))
        #expect(response.bytes == body)
        #expect(response.headers["X-METHOD"] == "PUT")
      }
    }
  }

  @Test("requests run side by side on no more connections than allowed, and one after the other on one")
  func bounds() async throws {
    let connections = Mutex(0)
    try await withRawServer { peer, _ in
      connections.withLock { $0 += 1 }
      while try await peer.receive(until: "\r\n\r\n").hasSuffix("\r\n\r\n") { try await peer.send(Self.answer) }
    } _: { endpoint async throws in
      let serial = try pool(endpoint)
      for _ in 0..<10 { #expect(try await serial.exchange(get("/")).text == "ok") }
      #expect(connections.withLock { $0 } == 1)
      let parallel = try pool(endpoint) { $0.maxConnections = 3 }
      try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<200 { group.addTask { try await parallel.exchange(get("/")).text } }
        for try await text in group { #expect(text == "ok") }
      }
      #expect(connections.withLock { $0 } <= 4)
      serial.shutDown()
      parallel.shutDown()
    }
  }

  @Test(
    "on a kept connection that dies without an answer, a GET goes out again and a PATCH does not",
    arguments: [("GET", "none"), ("HEAD", "none"), ("PATCH", "lostAnswer"), ("POST", "lostAnswer"), ("DELETE", "lostAnswer")])
  func staleConnection(method: String, outcome: String) async throws {
    let seen = Mutex(0)
    try await withRawServer { peer, number in
      _ = try await peer.receive(until: "\r\n\r\n")
      try await peer.send(method == "HEAD" && number > 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : Self.answer)
      _ = try await peer.receive(until: "\r\n\r\n")
      seen.withLock { $0 += 1 }
      // And closes without a word.
    } _: { endpoint async throws in
      let pool = try pool(endpoint)
      _ = try await pool.exchange(get("/"))
      do {
        let response = try await pool.exchange(HTTPRequest(method: method, target: "/"))
        #expect(outcome == "none" && response.status == 200)
      } catch let error as HTTPExchangeError {
        #expect(kind(error) == outcome)
      }
      #expect(seen.withLock { $0 } == 1)
      pool.shutDown()
    }
  }

  @Test("a kept connection that the server closes while idle is not used again")
  func closedWhileIdle() async throws {
    let closed = Latch()
    try await withRawServer { peer, number in
      _ = try await peer.receive(until: "\r\n\r\n")
      try await peer.send(Self.answer)
      if number == 0 {
        try await peer.close()
        closed.open()
      } else {
        _ = await peer.receiveAll()
      }
    } _: { endpoint async throws in
      let pool = try pool(endpoint)
      _ = try await pool.exchange(get("/"))
      await closed.wait()
      // Whether or not the end has been noticed by now, a GET succeeds.
      #expect(try await pool.exchange(get("/")).text == "ok")
      pool.shutDown()
    }
  }

  @Test(
    "what a server does wrong is told apart",
    arguments: [
      ("", "lostAnswer"), ("HTTP/1.1 200 OK\r\nConte", "lostAnswer"), ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "lostAnswer"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "lostAnswer"),
      ("HTTP/1.1 2x0 OK\r\n\r\n", "malformed"), ("SSH-2.0-OpenSSH_9\r\n\r\n", "malformed"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + String(repeating: "x", count: 5000), "malformed"),
      ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 5000) + "\r\n\r\n", "malformed"),
      ("HTTP/1.1 200 OK\r\n\r\nuntil the end", "none"),
      ("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "none"),
      ("HTTP/1.1 204 No Content\r\n\r\n", "none"),
    ])
  func wrongAnswers(text: String, outcome: String) async throws {
    try await withRawServer { peer, _ in
      _ = try await peer.receive(until: "\r\n\r\n")
      if !text.isEmpty { try await peer.send(text) }
    } _: { endpoint async throws in
      let pool = try pool(endpoint) {
        $0.maxResponseBytes = 4000
        $0.maxHeaderBytes = 4000
      }
      do {
        _ = try await pool.exchange(get("/"))
        #expect(outcome == "none")
      } catch let error as HTTPExchangeError {
        #expect(kind(error) == outcome, "\(error)")
      }
    }
  }

  @Test("nobody there: the error names the peer, and nothing was sent")
  func notConnected() async throws {
    try await withDeafAddress { address async throws in
      for endpoint in [address, .unix(path: "/nonexistent/socket")] {
        let error = await #expect(throws: HTTPExchangeError.self) { try await pool(endpoint).exchange(get("/")) }
        #expect(kind(error) == "notConnected")
        #expect(error?.description.contains(endpoint.description) == true)
        await #expect(throws: HTTPExchangeError.self) { try await pool(endpoint).stream(get("/")) { $0.status } }
      }
    }
  }

  @Test("a server that does not answer in time is given up, and its connection closed")
  func deadline() async throws {
    let closed = Latch()
    try await withRawServer { peer, _ in
      _ = await peer.receiveAll()
      closed.open()
    } _: { endpoint async throws in
      let pool = try pool(endpoint) {
        $0.requestTimeout = .milliseconds(50)
        $0.maxConnections = 1
      }
      let error = await #expect(throws: HTTPExchangeError.self) { try await pool.exchange(get("/")) }
      #expect(error == .timedOut(peer: endpoint.description, after: .milliseconds(50)))
      await closed.wait()
      let streamed = await #expect(throws: HTTPExchangeError.self) { try await pool.stream(get("/")) { $0.status } }
      #expect(kind(streamed) == "timedOut")
      // With every connection busy, waiting for one counts, too.
      await withTaskGroup(of: String.self) { group in
        for _ in 0..<3 {
          group.addTask {
            do {
              _ = try await pool.exchange(get("/"))
              return "none"
            } catch {
              return kind(error as? HTTPExchangeError)
            }
          }
        }
        for await outcome in group { #expect(outcome == "timedOut" || outcome == "notConnected") }
      }
    }
  }

  @Test("cancelling an exchange, a stream, or the wait for a connection ends it at once and closes the connection")
  func cancellation() async throws {
    let asked = Mutex(0)
    let (first, closed) = (Latch(), Latch())
    try await withRawServer { peer, _ in
      _ = try await peer.receive(until: "\r\n\r\n")
      asked.withLock { $0 += 1 }
      first.open()
      _ = await peer.receiveAll()
      closed.open()
    } _: { endpoint async throws in
      let pool = try pool(endpoint) { $0.maxConnections = 1 }
      let call = Task { try await pool.exchange(get("/")) }
      await first.wait()
      let waiting = Task { try await pool.exchange(get("/")) }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      call.cancel()
      await #expect(throws: CancellationError.self) { try await call.value }
      await closed.wait()
      let stream = Task { try await pool.stream(get("/")) { $0.status } }
      stream.cancel()
      await #expect(throws: CancellationError.self) { try await stream.value }
      #expect(asked.withLock { $0 } <= 2)
    }
  }

  @Test("a request line that would become another request is refused before anything is sent")
  func injection() async throws {
    try await withRawServer { _, _ in
      Issue.record("somebody connected")
    } _: { endpoint async throws in
      let pool = try pool(endpoint)
      for target in ["", "/a b", "/a\r\nX: y", "/ü"] {
        await #expect(throws: HTTPExchangeError.self) { try await pool.exchange(get(target)) }
      }
      await #expect(throws: HTTPExchangeError.self) { try await pool.exchange(HTTPRequest(method: "GET /", target: "/")) }
    }
  }

  @Test("after shutdown nothing is sent")
  func shutDown() async throws {
    let pool = try pool(.tcp(host: "127.0.0.1", port: 1))
    pool.shutDown()
    let error = await #expect(throws: HTTPExchangeError.self) { try await pool.exchange(get("/")) }
    #expect(error?.description.contains("shut down") == true)
  }
}

@Suite("streamed responses", .timeLimit(.minutes(10))) struct StreamTests {
  @Test("a stream is whole and in order although its consumer is slow, and ends by nil")
  func wholeStream() async throws {
    let chunks = 400
    let handler: HTTPHandler = { _ in
      HTTPResponse(
        status: 200, headers: ["X-A": "b"],
        body: .stream { writer in
          for index in 0..<chunks { try await writer.write([UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 10_000)) }
        })
    }
    try await HTTPServer(loopback, logger: quiet, handler: handler).withRunning { endpoint async throws in
      let bytes = try await pool(endpoint).stream(get("/")) { response async throws in
        #expect(response.status == 200 && response.headers["x-a"] == "b")
        var bytes: [UInt8] = []
        while let chunk = try await response.next() {
          bytes += chunk
          for _ in 0..<5 { await Task.yield() }
        }
        #expect(try await response.next() == nil)
        return bytes
      }
      #expect(bytes.count == chunks * 10_000)
      #expect(bytes.indices.allSatisfy { bytes[$0] == UInt8(truncatingIfNeeded: $0 / 10_000) })
    }
  }

  @Test("each piece arrives when it is written")
  func prompt() async throws {
    let mayGo = Latch()
    let handler: HTTPHandler = { _ in
      HTTPResponse(
        status: 200,
        body: .stream { writer in
          try await writer.write(Array("one".utf8))
          await mayGo.wait()
          try await writer.write(Array("two".utf8))
        })
    }
    try await HTTPServer(loopback, logger: quiet, handler: handler).withRunning { endpoint async throws in
      try await pool(endpoint).stream(get("/")) { response async throws in
        #expect(try await response.next() == Array("one".utf8))
        mayGo.open()
        #expect(try await response.next() == Array("two".utf8))
        #expect(try await response.next() == nil)
      }
    }
  }

  @Test("a stream that breaks off, or is silent for too long, throws after what came was handed over", arguments: [true, false])
  func broken(closes: Bool) async throws {
    try await withRawServer { peer, _ in
      _ = try await peer.receive(until: "\r\n\r\n")
      try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
      if !closes { _ = await peer.receiveAll() }
    } _: { endpoint async throws in
      let pool = try pool(endpoint) { $0.streamIdleTimeout = closes ? nil : .milliseconds(50) }
      try await pool.stream(get("/")) { response async throws in
        #expect(try await response.next() == Array("abc".utf8))
        await #expect(throws: HTTPExchangeError.self) { try await response.next() }
      }
    }
  }

  @Test("leaving a stream closes its connection")
  func left() async throws {
    let closed = Latch()
    try await withRawServer { peer, _ in
      _ = try await peer.receive(until: "\r\n\r\n")
      try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
      _ = await peer.receiveAll()
      closed.open()
    } _: { endpoint async throws in
      let pool = try pool(endpoint) { $0.maxStreams = 1 }
      #expect(try await pool.stream(get("/")) { $0.status } == 200)
      await closed.wait()
    }
  }

  @Test("a consumer that stops reading stops the server, too")
  func backPressure() async throws {
    let sent = Mutex(0)
    let stuck = Latch()
    let total = 200 * 1024 * 1024
    let handler: HTTPHandler = { _ in
      HTTPResponse(
        status: 200,
        body: .stream { writer in
          defer { stuck.open() }
          while sent.withLock({ $0 }) < total {
            try await writer.write([UInt8](repeating: 0, count: 64 * 1024))
            sent.withLock { $0 += 64 * 1024 }
          }
        })
    }
    var options = HTTPServerOptions.patient
    options.writeTimeout = .milliseconds(200)
    try await HTTPServer(loopback, options: options, logger: quiet, handler: handler).withRunning { endpoint async throws in
      try await pool(endpoint).stream(get("/")) { response async throws in
        _ = try await response.next()
        // The server cuts us in the end, because nobody reads.
        await stuck.wait()
      }
    }
    #expect(sent.withLock { $0 } < total)
  }
}
