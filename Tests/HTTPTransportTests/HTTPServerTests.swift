import HTTPMessage
import Synchronization
import Testing

@testable import HTTPTransport

@Suite("HTTP server", .timeLimit(.minutes(10))) struct HTTPServerTests {
  private func server(with change: (inout HTTPServerOptions) -> Void = { _ in }, _ handler: @escaping HTTPHandler) -> HTTPServer {
    var options = HTTPServerOptions.patient
    change(&options)
    return HTTPServer(loopback, options: options, logger: quiet, handler: handler)
  }

  @Test("port 0 becomes a real port, and requests of one connection are answered in order, also when they come at once")
  func pipelining() async throws {
    let mayAnswer = Latch()
    let server = server { request in
      if request.target == "/0" { await mayAnswer.wait() }
      return HTTPResponse(status: 200, text: request.target)
    }
    try await server.withRunning { endpoint async throws in
      guard case .tcp(_, let port) = endpoint else { return }
      #expect(port > 0)
      try await withRawClient(endpoint) { peer async throws in
        // More than the server lets wait: reading stops and goes on.
        for index in 0..<30 { try await peer.send("GET /\(index) HTTP/1.1\r\nHost: x\r\n\r\n") }
        mayAnswer.open()
        for index in 0..<30 {
          let head = try await peer.receive(until: "\r\n\r\n")
          #expect(head.hasPrefix("HTTP/1.1 200"))
          #expect(try await peer.receive(until: "/\(index)") == "/\(index)")
        }
      }
    }
  }

  @Test("the head of a HEAD answer tells the length, and no body follows")
  func head() async throws {
    try await server { _ in HTTPResponse(status: 200, text: "four") }.withRunning { endpoint async throws in
      try await withRawClient(endpoint) { peer async throws in
        try await peer.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let answer = await peer.receiveAll()
        #expect(answer.lowercased().contains("content-length: 4"))
        #expect(answer.hasSuffix("\r\n\r\n"))
      }
    }
  }

  @Test("leave to send a body is given, and the body is then taken")
  func expectContinue() async throws {
    try await server(echo).withRunning { endpoint async throws in
      try await withRawClient(endpoint) { peer async throws in
        try await peer.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        #expect(try await peer.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
        try await peer.send("abc")
        #expect(try await peer.receive(until: "abc").contains(" 200 "))
      }
    }
  }

  @Test(
    "a request that breaks the rules is answered by the status that says so, and the connection ends",
    arguments: [
      ("GET / HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "y", count: 3000))\r\n\r\n", 431),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n", 413),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\nExpect: 100-continue\r\n\r\n", 413),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: magic\r\n\r\n", 417),
      ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5dc\r\n\(String(repeating: "z", count: 1500))\r\n0\r\n\r\n", 413),
      ("NONSENSE\r\n\r\n", 400),
      ("GET /\u{1} HTTP/1.1\r\n\r\n", 400),
      ("GET example HTTP/1.1\r\nHost: x\r\n\r\n", 400),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ])
  func refusals(request: String, status: Int) async throws {
    let server = server(
      with: {
        $0.maxHeaderBytes = 2048
        $0.maxBodyBytes = 1000
      }, echo)
    try await server.withRunning { endpoint async throws in
      try await withRawClient(endpoint) { peer async throws in
        try await peer.send(request)
        let answer = await peer.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(answer.lowercased().contains("connection: close"))
      }
    }
  }

  @Test("an absolute target is served as its path")
  func absoluteForm() async throws {
    try await server(echo).withRunning { endpoint async throws in
      try await withRawClient(endpoint) { peer async throws in
        try await peer.send("GET http://other/a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(await peer.receiveAll().contains("X-Target: /a?b\r\n"))
      }
    }
  }

  @Test(
    "a peer that does not finish its header, or its body, is cut",
    arguments: ["", "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"])
  func slowRequest(beginning: String) async throws {
    let server = server(
      with: {
        $0.headerTimeout = .milliseconds(60)
        $0.idleTimeout = .milliseconds(60)
      }, echo)
    try await server.withRunning { endpoint async throws in
      try await withRawClient(endpoint) { peer async throws in
        // On a busy machine the server has cut us before we have said anything: that is what is wanted, too.
        if !beginning.isEmpty { try? await peer.send(beginning) }
        #expect(await peer.receiveAll() == "")
      }
    }
  }

  @Test("HTTP/1.0 without keep-alive gets a close-delimited stream")
  func oldProtocol() async throws {
    let streaming: HTTPHandler = { _ in
      HTTPResponse(
        status: 200,
        body: .stream { writer in
          try await writer.write(Array("one".utf8))
          try await writer.write(Array("two".utf8))
        })
    }
    try await server(with: { _ in }, streaming).withRunning { endpoint async throws in
      try await withRawClient(endpoint) { peer async throws in
        try await peer.send("GET / HTTP/1.0\r\n\r\n")
        #expect(await peer.receiveAll().hasSuffix("\r\n\r\nonetwo"))
      }
    }
  }

  @Test("a peer that closed its sending side is answered", arguments: [false, true])
  func halfClosed(isUnix: Bool) async throws {
    try await withTemporaryDirectory { directory async throws in
      let listener = isUnix ? HTTPListener.unix(path: directory + "/s", mode: 0o600) : loopback
      try await HTTPServer(listener, logger: quiet, handler: echo).withRunning { endpoint async throws in
        try await withRawClient(endpoint) { peer async throws in
          try await peer.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
          try await peer.endOutput()
          #expect(await peer.receiveAll().contains("X-Target: /a\r\n"))
        }
      }
    }
  }

  @Test("when the peer goes away, its handler and its stream are cancelled", arguments: [false, true], [false, true])
  func peerGone(isUnix: Bool, isStream: Bool) async throws {
    let (begun, cancelled) = (Latch(), Latch())
    let wait: @Sendable () async -> Void = {
      begun.open()
      await Latch().wait()  // Ends by cancellation alone.
      if Task.isCancelled { cancelled.open() }
    }
    let handler: HTTPHandler = { _ in
      guard isStream else {
        await wait()
        return HTTPResponse(status: 200)
      }
      return HTTPResponse(status: 200, body: .stream { _ in await wait() })
    }
    try await withTemporaryDirectory { directory async throws in
      let listener = isUnix ? HTTPListener.unix(path: directory + "/s", mode: 0o600) : loopback
      try await HTTPServer(listener, logger: quiet, handler: handler).withRunning { endpoint async throws in
        try await withRawClient(endpoint) { peer async throws in
          try await peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
          await begun.wait()
          try await peer.close()
          await cancelled.wait()
        }
      }
    }
  }

  @Test("a peer that takes nothing stops the stream, and is cut in the end")
  func backPressure() async throws {
    let written = Mutex(0)
    let ended = Latch()
    let handler: HTTPHandler = { _ in
      HTTPResponse(
        status: 200,
        body: .stream { writer in
          defer { ended.open() }
          while true {
            try await writer.write([UInt8](repeating: 0x61, count: 16 * 1024))
            written.withLock { $0 += 16 * 1024 }
          }
        })
    }
    try await server(with: { $0.writeTimeout = .milliseconds(100) }, handler).withRunning { endpoint async throws in
      try await withRawClient(endpoint, listens: false) { peer async throws in
        try await peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await ended.wait()
      }
    }
    // The kernel's buffers and NIO's reads on the other side, but no more.
    #expect(written.withLock { $0 } < 64 * 1024 * 1024)
  }

  @Test("a stream that fails is cut, so that its peer can tell")
  func failedStream() async throws {
    struct Failure: Error {}
    let handler: HTTPHandler = { _ in
      HTTPResponse(
        status: 200,
        body: .stream { writer in
          try await writer.write(Array("part".utf8))
          throw Failure()
        })
    }
    try await server(with: { _ in }, handler).withRunning { endpoint async throws in
      let error = await #expect(throws: HTTPExchangeError.self) { try await pool(endpoint).exchange(get("/")) }
      guard case .lostAnswer = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test("as many handlers run at a time as allowed, the others in the order in which they came")
  func bounded() async throws {
    let (journal, first, mayGo) = (Journal(), Latch(), Latch())
    let gate = RequestGate(limit: 1)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        _ = await gate.run {
          first.open()
          await mayGo.wait()
          journal.note("0")
        }
      }
      await first.wait()
      let cancelled = Task { await gate.run { journal.note("cancelled") } }
      cancelled.cancel()
      #expect(await cancelled.value == nil)
      mayGo.open()
      for await _ in group {}
      for index in 1...3 { _ = await gate.run { journal.note("\(index)") } }
    }
    #expect(journal.all == ["0", "1", "2", "3"])

    // Nobody ends before two run at once; a third would be seen.
    let running = Mutex(0)
    let peak = Mutex(0)
    let twoRun = Latch()
    let server = server(with: { $0.maxConcurrentRequests = 2 }) { request in
      let now = running.withLock { count -> Int in
        count += 1
        return count
      }
      peak.withLock { $0 = max($0, now) }
      if now == 2 { twoRun.open() }
      await twoRun.wait()
      for _ in 0..<20 { await Task.yield() }
      running.withLock { $0 -= 1 }
      return HTTPResponse(status: 200)
    }
    try await server.withRunning { endpoint async throws in
      let pool = try pool(endpoint)
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<40 { group.addTask { try await pool.exchange(get("/")).status } }
        for try await status in group { #expect(status == 200) }
      }
    }
    #expect(peak.withLock { $0 } == 2)
  }

  @Test("a connection beyond the limit is closed")
  func connectionLimit() async throws {
    try await server(with: { $0.maxConnections = 1 }, echo).withRunning { endpoint async throws in
      try await withRawClient(endpoint) { first async throws in
        try await first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try await first.receive(until: "\r\n\r\n")
        try await withRawClient(endpoint) { second in #expect(await second.receiveAll() == "") }
        try await first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await first.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200"))
      }
    }
  }

  @Test("a stopped server finishes what it was asked, ends streams and idle connections, and takes nothing new")
  func gracefulStop() async throws {
    let (begun, mayAnswer, streaming) = (Latch(), Latch(), Latch())
    let server = server { request in
      if request.target == "/stream" {
        return HTTPResponse(
          status: 200,
          body: .stream { _ in
            streaming.open()
            await Latch().wait()
            try Task.checkCancellation()
          })
      }
      if request.target == "/slow" {
        begun.open()
        await mayAnswer.wait()
      }
      return HTTPResponse(status: 200, text: "done")
    }
    let endpoint = try await server.bind()
    let run = Task { try await server.run() }
    try await withRawClient(endpoint) { idle async throws in
      try await idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = try await idle.receive(until: "done")
      try await withRawClient(endpoint) { stream async throws in
        try await stream.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        await streaming.wait()
        try await withRawClient(endpoint) { slow async throws in
          try await slow.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
          await begun.wait()
          run.cancel()
          #expect(await idle.receiveAll() == "")
          #expect(await stream.receiveAll().hasSuffix("0\r\n\r\n"))
          await #expect(throws: HTTPExchangeError.self) { try await pool(endpoint).exchange(get("/")) }
          mayAnswer.open()
          let answer = await slow.receiveAll()
          #expect(answer.hasSuffix("done"))
          #expect(answer.lowercased().contains("connection: close"))
        }
      }
    }
    try await run.value
    #expect(!server.isReachable)
  }

  @Test("a request that outlives the grace period is cut")
  func graceEnds() async throws {
    let begun = Latch()
    let server = server(with: { $0.gracePeriod = .milliseconds(30) }) { _ in
      begun.open()
      await Latch().wait()
      return HTTPResponse(status: 200)
    }
    try await server.withRunning { endpoint async throws in
      try await withRawClient(endpoint) { peer async throws in
        try await peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await begun.wait()
      }
    }
  }

  @Test("a port in use is an error that names it")
  func portInUse() async throws {
    try await server(echo).withRunning { endpoint async throws in
      guard case .tcp(let host, let port) = endpoint else { return }
      let second = HTTPServer(.tcp(host: host, port: port), logger: quiet, handler: echo)
      let error = await #expect(throws: HTTPServerError.self) { try await second.bind() }
      #expect(error?.description.contains("\(host):\(port)") == true)
    }
  }
}
