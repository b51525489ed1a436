/// The verbs of the CNI specification, as CNI_COMMAND spells them.
package enum CNICommand: String, Sendable, Hashable, CaseIterable {
  case add = "ADD"
  case delete = "DEL"
  case check = "CHECK"
  case garbageCollect = "GC"
  case status = "STATUS"
  case version = "VERSION"

  /// The variables without which the verb means nothing, in the order in which the reference library names them.
  var requiredVariables: [CNIEnvironment.Variable] {
    switch self {
    case .add, .check: [.containerID, .networkNamespace, .interfaceName, .path]
    case .delete: [.containerID, .interfaceName, .path]
    case .garbageCollect, .status: [.path]
    case .version: []
    }
  }

  /// The first specification version that has the verb, where that is not the first of all.
  var minimumVersion: CNIVersion? {
    switch self {
    case .check: .v0_4_0
    case .garbageCollect, .status: .v1_1_0
    case .add, .delete, .version: nil
    }
  }
}
