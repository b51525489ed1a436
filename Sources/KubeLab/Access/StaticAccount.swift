/// A bearer token and whom it stands for.
package struct StaticAccount: Sendable, Equatable {
  package var token: String
  package var caller: Caller

  package init(token: String, name: String, groups: [String] = [], uid: String = "") {
    self.token = token
    caller = Caller(name: name, groups: groups + ["system:authenticated"], uid: uid)
  }

  /// A token that acts as a ServiceAccount.
  package init(token: String, serviceAccount name: String, namespace: String) {
    self.init(
      token: token, name: "system:serviceaccount:\(namespace):\(name)",
      groups: ["system:serviceaccounts", "system:serviceaccounts:" + namespace])
  }

  /// Reads kube-apiserver's `--token-auth-file`: `token,user,uid[,"group,group"]`, one account a line; `#` begins a comment.
  package static func parse(tokenFile text: String) throws(TokenFileError) -> [StaticAccount] {
    var accounts: [StaticAccount] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = line.filter { $0 != "\r" }
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      let parts = line.split(separator: ",", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
      guard parts.count >= 3, !parts[0].isEmpty, !parts[1].isEmpty else { throw TokenFileError(line: index + 1) }
      let groups = parts.count > 3 ? parts[3].filter { $0 != "\"" }.split(separator: ",").map(String.init) : []
      accounts.append(StaticAccount(token: parts[0], name: parts[1], groups: groups, uid: parts[2]))
    }
    return accounts
  }
}

/// A line of a token file that is no account.
package struct TokenFileError: Error, Equatable, CustomStringConvertible {
  package let line: Int
  package var description: String { "line \(line) of the token file is not token,user,uid[,\"groups\"]" }
}
