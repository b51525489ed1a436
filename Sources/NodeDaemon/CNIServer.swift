import CNI
import HTTPMessage
import KubeAPI
import Logging
import PodNetwork
import WireJSON

/// The two routes that plugins call (wire.md §1), from bytes to bytes.
struct CNIServer: Sendable {
  private let add: AddHandler
  private let events: NodeEvents
  private let observe: @Sendable (CNIOperation) -> Void
  private let clock: @Sendable () -> Duration
  private let logger: Logger

  init(
    add: AddHandler, events: NodeEvents, clock: @escaping @Sendable () -> Duration, logger: Logger,
    observe: @escaping @Sendable (CNIOperation) -> Void
  ) {
    self.add = add
    self.events = events
    self.clock = clock
    self.logger = logger
    self.observe = observe
  }

  private enum Route {
    static let add = "/api/v1/add"
    static let delete = "/api/v1/del"
  }

  func respond(to request: HTTPRequest) async -> HTTPResponse {
    let isKnown = request.path == Route.add || request.path == Route.delete
    guard isKnown else { return HTTPResponse(status: 404, text: "404: Page Not Found") }
    guard request.method == "POST" else {
      var response = HTTPResponse(status: 405, text: "405: Method Not Allowed")
      response.headers["Allow"] = "POST"
      return response
    }
    let type = request.headers["Content-Type"] ?? ""
    guard type.isEmpty || type.hasPrefix("application/json") else { return HTTPResponse(status: 415, text: "415: Unsupported Media Type") }
    return request.path == Route.add ? await serveAdd(request) : serveDelete(request)
  }

  private func serveAdd(_ http: HTTPRequest) async -> HTTPResponse {
    let start = clock()
    let request: DaemonRequest
    do throws(JSONError) { request = try DaemonRequest(parsing: http.body) } catch {
      return Self.failed(400, "parse add request failed \(error)")
    }
    do {
      let plan = try await add.add(request)
      events.configured(request, plan)
      finish("add", request, start, error: nil)
      return HTTPResponse(status: 200, json: DaemonResponse(plan).json)
    } catch {
      let failure = error as? AddFailure ?? AddFailure(status: 500, stage: "wait-address", message: "\(error)")
      events.configureFailed(request, failure)
      finish("add", request, start, error: failure.message)
      return Self.failed(failure.status, failure.message)
    }
  }

  /// Addresses follow the pod, and the NIC belongs to the plugin that made it: nothing is left to do for another CNI's NIC. Whatever
  /// is missing or unknown is no error (decisions.md §4 row 14).
  private func serveDelete(_ http: HTTPRequest) -> HTTPResponse {
    let start = clock()
    let request: DaemonRequest
    do throws(JSONError) { request = try DaemonRequest(parsing: http.body) } catch {
      return Self.failed(400, "parse del request failed \(error)")
    }
    if !request.networkNamespace.isEmpty, !request.podName.isEmpty { events.removed(request) }
    finish("del", request, start, error: nil)
    return HTTPResponse(status: 204)
  }

  private func finish(_ verb: String, _ request: DaemonRequest, _ start: Duration, error: String?) {
    let elapsed = clock() - start
    observe(CNIOperation(verb: verb, failed: error != nil, elapsed: elapsed))
    var metadata: Logger.Metadata = [
      "pod": "\(request.podNamespace)/\(request.podName)", "provider": "\(request.provider)", "interface": "\(request.interfaceName)",
      "elapsed": "\(elapsed)",
    ]
    if let error { metadata["error"] = "\(error)" }
    logger.log(level: error == nil ? .info : .warning, "\(verb)", metadata: metadata)
  }

  private static func failed(_ status: Int, _ text: String) -> HTTPResponse {
    HTTPResponse(status: status, json: DaemonResponse(error: text).json)
  }
}

/// One call of a plugin, for the metrics.
package struct CNIOperation: Sendable {
  package let verb: String
  package let failed: Bool
  package let elapsed: Duration
}
