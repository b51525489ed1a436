/// Types that every kind shares. Field names are the API's; the sentences are ours.
enum MetaTypes {
  static let text = """
    ObjectMeta: What every stored object carries beside its own fields.
      annotations map: Free texts by name, for tools; not for selecting.
      creationTimestamp time: When the server stored the object first.
      deletionGracePeriodSeconds long: Seconds of grace that a running deletion grants.
      deletionTimestamp time: When the object is to be gone; set by the server once deletion has begun.
      finalizers []string set: Whoever must agree before the object is removed.
      generateName string: Prefix of a name that the server completes.
      generation long: Counts the changes of the desired state.
      labels map: Texts by name, for selecting.
      managedFields []any: Which manager owns which fields (server-side apply).
      name string: Name, unique among the objects of this kind in the namespace.
      namespace string: The namespace that the object lives in.
      ownerReferences []OwnerReference key=uid: Objects that this one depends on; it goes when they are all gone.
      resourceVersion string: The store's version of this state; opaque.
      selfLink string: No longer filled in.
      uid string: Identity in time and space, given by the server.
    OwnerReference: Names an owner in the same namespace, or one of cluster scope.
      apiVersion string !: API version of the owner.
      blockOwnerDeletion bool: Whether a foreground deletion of the owner waits for this object.
      controller bool: Whether the owner is the managing controller.
      kind string !: Kind of the owner.
      name string !: Name of the owner.
      uid string !: Identity of the owner.
    LabelSelector: Selects objects by their labels; both parts must match.
      matchExpressions []LabelSelectorRequirement: Requirements on labels.
      matchLabels map: Labels and the values that they must have.
    LabelSelectorRequirement: One requirement on one label.
      key string !: The label.
      operator string !: In, NotIn, Exists or DoesNotExist.
      values []string: The values for In and NotIn.
    Condition: One aspect of an object's state.
      type string !: The aspect.
      status string !: True, False or Unknown.
      reason string: One word why.
      message string: A sentence why.
      lastTransitionTime time: When the status last changed.
      lastUpdateTime time: When the condition was last written.
      lastProbeTime time: When the state was last looked at.
      lastHeartbeatTime time: When the reporter was last heard.
      observedGeneration long: The generation that the condition speaks of.
    LocalObjectReference: Names an object in the same namespace.
      name string: Its name.
    ObjectReference: Names an object anywhere.
      apiVersion string: Its API version.
      fieldPath string: A part of it.
      kind string: Its kind.
      name string: Its name.
      namespace string: Its namespace.
      resourceVersion string: The version that is meant.
      uid string: Its identity.
    """
}
