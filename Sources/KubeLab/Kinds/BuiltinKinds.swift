import WireJSON

/// The kinds that the server knows without a CustomResourceDefinition.
enum BuiltinKinds {
  static let rbacGroup = "rbac.authorization.k8s.io"
  static let crdGroup = "apiextensions.k8s.io"
  static let authorizationGroup = "authorization.k8s.io"
  static let authenticationGroup = "authentication.k8s.io"
  static let crdStorage = "customresourcedefinitions.apiextensions.k8s.io"

  /// Built once: schemas by the names in the type texts.
  private static let catalog: TypeCatalog = {
    TypeCatalog([MetaTypes.text, PodTypes.text, CoreTypes.text, WorkloadTypes.text, AccessTypes.text])
  }()

  static let metadata = schema("ObjectMeta")
  static let scale = schema("Scale")
  static let binding = schema("Binding")

  static func schema(_ name: String) -> Schema {
    var catalog = Self.catalog
    return catalog.schema(name)
  }

  static let all: [ResourceDefinition] = core + apps + other + access

  private static func make(
    _ group: String, _ kind: String, _ plural: String, _ shortNames: [String] = [], namespaced: Bool = true,
    _ configure: (inout ResourceDefinition) -> Void
  ) -> ResourceDefinition {
    var definition = ResourceDefinition(
      group: group, version: "v1", plural: plural, singular: kind.lowercased(), kind: kind, listKind: kind + "List",
      shortNames: shortNames, isNamespaced: namespaced, schema: schema(kind))
    definition.columns = BuiltinColumns.columns(kind)
    configure(&definition)
    return definition
  }

  private static let core: [ResourceDefinition] = [
    make("", "Namespace", "namespaces", ["ns"], namespaced: false) {
      $0.subresources = ["status", "finalize"]
      $0.fieldLabels = ["status.phase", "name"]
      $0.rules = CoreRules.namespace()
    },
    make("", "Node", "nodes", ["no"], namespaced: false) {
      $0.subresources = ["status"]
      $0.fieldLabels = ["spec.unschedulable"]
      $0.rules = CoreRules.node()
    },
    make("", "Pod", "pods", ["po"]) {
      $0.subresources = ["status", "binding", "eviction"]
      $0.categories = ["all"]
      $0.fieldLabels = [
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
        "status.podIP", "status.nominatedNodeName",
      ]
      $0.rules = PodRules.rules
    },
    make("", "Service", "services", ["svc"]) {
      $0.subresources = ["status"]
      $0.categories = ["all"]
      $0.fieldLabels = ["spec.clusterIP", "spec.type"]
      $0.rules = CoreRules.service()
    },
    make("", "ConfigMap", "configmaps", ["cm"]) { $0.rules = CoreRules.configMap() },
    make("", "Secret", "secrets") {
      $0.fieldLabels = ["type"]
      $0.rules = CoreRules.secret()
    },
    make("", "ServiceAccount", "serviceaccounts", ["sa"]) { $0.rules = CoreRules.plain() },
    make("", "Event", "events", ["ev"]) {
      $0.fieldLabels = [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
        "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
      ]
      $0.rules = CoreRules.event()
    },
  ]

  private static let apps: [ResourceDefinition] = [
    make("apps", "Deployment", "deployments", ["deploy"]) {
      $0.subresources = ["status", "scale"]
      $0.categories = ["all"]
      $0.rules = WorkloadRules.deployment()
    },
    make("apps", "ReplicaSet", "replicasets", ["rs"]) {
      $0.subresources = ["status", "scale"]
      $0.categories = ["all"]
      $0.fieldLabels = ["status.replicas"]
      $0.rules = WorkloadRules.replicaSet()
    },
    make("apps", "StatefulSet", "statefulsets", ["sts"]) {
      $0.subresources = ["status", "scale"]
      $0.categories = ["all"]
      $0.rules = WorkloadRules.statefulSet()
    },
    make("apps", "DaemonSet", "daemonsets", ["ds"]) {
      $0.subresources = ["status"]
      $0.categories = ["all"]
      $0.rules = WorkloadRules.daemonSet()
    },
    make("batch", "Job", "jobs") {
      $0.subresources = ["status"]
      $0.categories = ["all"]
      $0.fieldLabels = ["status.successful"]
      $0.rules = WorkloadRules.job()
    },
  ]

  private static let other: [ResourceDefinition] = [
    make("coordination.k8s.io", "Lease", "leases") { $0.rules = CoreRules.lease() },
    make(crdGroup, "CustomResourceDefinition", "customresourcedefinitions", ["crd", "crds"], namespaced: false) {
      $0.subresources = ["status"]
      $0.categories = ["api-extensions"]
      $0.rules = CustomResources.rules()
    },
  ]

  private static let access: [ResourceDefinition] = [
    make(rbacGroup, "Role", "roles") { $0.rules = CoreRules.role() },
    make(rbacGroup, "RoleBinding", "rolebindings") { $0.rules = CoreRules.binding() },
    make(rbacGroup, "ClusterRole", "clusterroles", namespaced: false) { $0.rules = CoreRules.role() },
    make(rbacGroup, "ClusterRoleBinding", "clusterrolebindings", namespaced: false) { $0.rules = CoreRules.binding() },
    make(authorizationGroup, "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced: false) { $0.isTransient = true },
    make(authorizationGroup, "SelfSubjectRulesReview", "selfsubjectrulesreviews", namespaced: false) { $0.isTransient = true },
    make(authorizationGroup, "SubjectAccessReview", "subjectaccessreviews", namespaced: false) { $0.isTransient = true },
    make(authenticationGroup, "SelfSubjectReview", "selfsubjectreviews", namespaced: false) { $0.isTransient = true },
  ]
}
