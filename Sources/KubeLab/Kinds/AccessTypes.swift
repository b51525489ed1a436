/// rbac.authorization.k8s.io/v1, authorization.k8s.io/v1, authentication.k8s.io/v1 and apiextensions.k8s.io/v1.
enum AccessTypes {
  static let text = """
    Role: Rights within a namespace.
      metadata ObjectMeta: Name, labels and the like.
      rules []PolicyRule: The rights.
    ClusterRole: Rights in the whole cluster.
      metadata ObjectMeta: Name, labels and the like.
      aggregationRule any: Roles that it is put together from.
      rules []PolicyRule: The rights.
    PolicyRule: Who may do this may do it to these.
      apiGroups []string: Groups of the resources.
      nonResourceURLs []string: Paths that are no resources.
      resourceNames []string: Names; empty is all.
      resources []string: Resources, with subresources as pods/status.
      verbs []string !: What may be done.
    RoleBinding: Gives a role to somebody within a namespace.
      metadata ObjectMeta: Name, labels and the like.
      roleRef RoleRef atomic !: The role.
      subjects []Subject: Who gets it.
    ClusterRoleBinding: Gives a role to somebody in the whole cluster.
      metadata ObjectMeta: Name, labels and the like.
      roleRef RoleRef atomic !: The role.
      subjects []Subject: Who gets it.
    RoleRef: Names a role.
      apiGroup string !: Its group.
      kind string !: Role or ClusterRole.
      name string !: Its name.
    Subject: Somebody who can have rights.
      apiGroup string: Group of users and groups.
      kind string !: User, Group or ServiceAccount.
      name string !: Name.
      namespace string: Namespace of a service account.
    SelfSubjectAccessReview: Asks whether the asker may do something.
      metadata ObjectMeta: Not used.
      spec any !: The question.
      status any: The answer.
    SelfSubjectRulesReview: Asks what the asker may do.
      metadata ObjectMeta: Not used.
      spec any !: The namespace.
      status any: The answer.
    SubjectAccessReview: Asks whether somebody may do something.
      metadata ObjectMeta: Not used.
      spec any !: The question.
      status any: The answer.
    SelfSubjectReview: Asks who the asker is.
      metadata ObjectMeta: Not used.
      status any: The answer.
    CustomResourceDefinition: A kind that users bring.
      metadata ObjectMeta: Name, labels and the like.
      spec CustomResourceDefinitionSpec !: Its names and versions.
      status CustomResourceDefinitionStatus: Whether it is served.
    CustomResourceDefinitionSpec: Names and versions of a kind.
      conversion any: How versions become each other.
      group string !: The API group.
      names CustomResourceDefinitionNames !: What it is called.
      preserveUnknownFields bool: Must be false.
      scope string !: Namespaced or Cluster.
      versions []CustomResourceDefinitionVersion !: Its versions.
    CustomResourceDefinitionNames: What a kind is called.
      categories []string: Groups of kinds that it belongs to.
      kind string !: The kind.
      listKind string: The kind of a list.
      plural string !: The name in paths.
      shortNames []string: Short names.
      singular string: The name of one.
    CustomResourceDefinitionVersion: A version of a kind.
      additionalPrinterColumns []any: Columns of its table.
      deprecated bool: Whether it should no longer be used.
      deprecationWarning string: What is said when it is.
      name string !: The version.
      schema any: What its objects look like.
      selectableFields []any: Fields for field selectors.
      served bool !: Whether it is served.
      storage bool !: Whether objects are stored in it.
      subresources any: status and scale.
    CustomResourceDefinitionStatus: Whether a kind is served.
      acceptedNames CustomResourceDefinitionNames: The names that hold.
      conditions []Condition key=type: Aspects of its state.
      storedVersions []string: Versions that objects may be stored in.
    """
}
