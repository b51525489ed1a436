import CNI
import WireJSON

/// What the daemon answered to one call.
struct DaemonAnswer: Equatable {
  let status: Int
  let body: [UInt8]

  /// The answer to ADD: 200 and a body that is a response.
  func addResponse() throws(CNIError) -> DaemonResponse {
    guard status == 200 else { throw .callFailed("request ip return \(status) \(reason)") }
    do throws(JSONError) {
      return try DaemonResponse(parsing: body)
    } catch {
      // Kube-OVN's daemon answers 200 without a body when it fails in certain late steps.
      throw .callFailed("the node daemon's answer to ADD is no response: \(error)")
    }
  }

  /// The answer to DEL: 204, or 200 as a proxy or a later daemon may have it.
  func requireDeleted() throws(CNIError) {
    guard status == 204 || status == 200 else { throw .callFailed("delete ip return \(status) \(reason)") }
  }

  /// The `error` of the body, or the body itself where it is something else.
  private var reason: String {
    if let response = try? DaemonResponse(parsing: body), !response.error.isEmpty { return response.error }
    return String(decoding: body.prefix(1024), as: UTF8.self)
  }
}
