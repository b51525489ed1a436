import HTTPMessage
package import KubeAPI

/// Which objects of a kind.
package struct Selection: Sendable, Equatable {
  /// Empty for all namespaces.
  package var namespace: String
  package var labelSelector: String
  package var fieldSelector: String

  package init(namespace: String = "", labelSelector: String = "", fieldSelector: String = "") {
    self.namespace = namespace
    self.labelSelector = labelSelector
    self.fieldSelector = fieldSelector
  }

  /// Everything of the kind.
  package static var everything: Selection { Selection() }

  var query: [HTTPQueryItem] {
    var query: [HTTPQueryItem] = []
    if !labelSelector.isEmpty { query.append(HTTPQueryItem(name: "labelSelector", value: labelSelector)) }
    if !fieldSelector.isEmpty { query.append(HTTPQueryItem(name: "fieldSelector", value: fieldSelector)) }
    return query
  }
}

extension KubeClient {
  /// Objects in one page of `listAll`.
  package static var pageSize: Int { 500 }
  /// How often a list is begun again because it became too old while it was being read.
  private static var maxRestarts: Int { 4 }

  /// One page. Without `resourceVersion` the server reads its store: the list shows every write that was answered before it.
  package func list<R: Resource>(
    _ type: R.Type, _ selection: Selection = .everything, limit: Int? = nil, continueToken: String = ""
  ) async throws -> ListPage<R> {
    var query = selection.query
    if let limit { query.append(HTTPQueryItem(name: "limit", value: String(limit))) }
    if !continueToken.isEmpty { query.append(HTTPQueryItem(name: "continue", value: continueToken)) }
    let path = R.resourceType.path(namespace: selection.namespace)
    let call = Call(method: "GET", resource: R.resourceType.path(), path: path, query: query)
    let body = try await send(call)
    do {
      return try ListPage(decoding: body)
    } catch {
      throw UndecodableAnswer(request: call.summary, error: error)
    }
  }

  /// The whole list, read in pages that all show the state at one version. When that version becomes too old in the middle (410), it is
  /// read again from the start.
  package func listAll<R: Resource>(_ type: R.Type, _ selection: Selection = .everything) async throws -> ListPage<R> {
    var restarts = 0
    while true {
      do {
        return try await readPages(selection)
      } catch let error as APIError where error.isExpired && restarts < Self.maxRestarts {
        restarts += 1
      }
    }
  }

  private func readPages<R: Resource>(_ selection: Selection) async throws -> ListPage<R> {
    var whole = ListPage<R>()
    repeat {
      let page = try await list(R.self, selection, limit: Self.pageSize, continueToken: whole.continueToken)
      if whole.items.isEmpty, whole.undecodable.isEmpty {
        whole = page
      } else {
        whole.items += page.items
        whole.undecodable += page.undecodable
        whole.continueToken = page.continueToken
        whole.resourceVersion = page.resourceVersion
      }
    } while !whole.continueToken.isEmpty
    return whole
  }
}
