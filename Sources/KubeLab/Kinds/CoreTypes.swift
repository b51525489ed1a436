/// core/v1 kinds other than Pod, and Lease.
enum CoreTypes {
  static let text = """
    Namespace: A room for names.
      metadata ObjectMeta: Name, labels and the like.
      spec NamespaceSpec: Who must agree to its end.
      status NamespaceStatus: Where it stands in its life.
    NamespaceSpec: Who must agree to the namespace's end.
      finalizers []string: Must be empty before the namespace goes.
    NamespaceStatus: Where the namespace stands in its life.
      conditions []Condition key=type: What holds up its end.
      phase string: Active or Terminating.
    Node: A machine that runs pods.
      metadata ObjectMeta: Name, labels and the like.
      spec NodeSpec: How it is to be used.
      status NodeStatus: What it is and how it does.
    NodeSpec: How the node is to be used.
      configSource any: No longer used.
      externalID string: No longer used.
      podCIDR string: Range of the pods' addresses.
      podCIDRs []string set: Ranges of the pods' addresses.
      providerID string: The cloud's name of it.
      taints []Taint: Whom it turns away.
      unschedulable bool: No new pods.
    Taint: Turns pods away that do not bear it.
      effect string !: NoSchedule, PreferNoSchedule or NoExecute.
      key string !: Its name.
      timeAdded time: Since when.
      value string: Its value.
    NodeStatus: What the node is and how it does.
      addresses []NodeAddress key=type: Where it is reached.
      allocatable map<quantity>: What pods may use.
      capacity map<quantity>: What it has.
      conditions []Condition key=type: Aspects of its state.
      config any: No longer used.
      daemonEndpoints any: Ports of the kubelet.
      features any: What its runtime offers.
      images []any: Images that it holds.
      nodeInfo any: Versions and the like.
      phase string: No longer used.
      runtimeHandlers []any: Runtimes that it offers.
      volumesAttached []any: Volumes that hang on it.
      volumesInUse []string: Volumes that pods use.
    NodeAddress: Where a node is reached.
      address string !: The address.
      type string !: InternalIP, ExternalIP, Hostname and the like.
    Service: A name and an address for a set of pods.
      metadata ObjectMeta: Name, labels and the like.
      spec ServiceSpec: Whom it serves and how.
      status any: What a load balancer was given.
    ServiceSpec: Whom the service serves and how.
      allocateLoadBalancerNodePorts bool: Whether a load balancer needs node ports.
      clusterIP string: Its address; None for none.
      clusterIPs []string: Its addresses.
      externalIPs []string: Further addresses that lead here.
      externalName string: A DNS name instead of pods.
      externalTrafficPolicy string: Cluster or Local.
      healthCheckNodePort int: Port of the load balancer's check.
      internalTrafficPolicy string: Cluster or Local.
      ipFamilies []string: IPv4, IPv6.
      ipFamilyPolicy string: SingleStack, PreferDualStack or RequireDualStack.
      loadBalancerClass string: Who makes the load balancer.
      loadBalancerIP string: Its wished address.
      loadBalancerSourceRanges []string: Who may come.
      ports []ServicePort key=port,protocol: Its ports.
      publishNotReadyAddresses bool: Whether pods that are not ready count.
      selector map atomic: Labels of its pods.
      sessionAffinity string: None or ClientIP.
      sessionAffinityConfig any: For how long.
      trafficDistribution string: Which pods are preferred.
      type string: ClusterIP, NodePort, LoadBalancer or ExternalName.
    ServicePort: A port of a service.
      appProtocol string: What is spoken there.
      name string: Its name.
      nodePort int: The port on each node.
      port int !: The port.
      protocol string default=TCP: TCP, UDP or SCTP.
      targetPort intstr: The pods' port, by number or name.
    ConfigMap: Texts by name.
      metadata ObjectMeta: Name, labels and the like.
      binaryData map: Bytes by name, in base64.
      data map: Texts by name.
      immutable bool: Whether it may still change.
    Secret: Bytes by name, not for everyone.
      metadata ObjectMeta: Name, labels and the like.
      data map: Bytes by name, in base64.
      immutable bool: Whether it may still change.
      stringData map: Texts that become data.
      type string: What it is for.
    ServiceAccount: Who a pod acts as.
      metadata ObjectMeta: Name, labels and the like.
      automountServiceAccountToken bool: Whether pods get a token.
      imagePullSecrets []LocalObjectReference: Secrets for fetching images.
      secrets []ObjectReference key=name: Secrets that its pods may use.
    Event: Something that happened to an object.
      metadata ObjectMeta: Name, labels and the like.
      action string: What was done.
      count int: How often.
      eventTime microtime: When it was seen first.
      firstTimestamp time: When it was seen first.
      involvedObject ObjectReference !: Whom it happened to.
      lastTimestamp time: When it was seen last.
      message string: A sentence.
      reason string: One word.
      related ObjectReference: Another object that it is about.
      reportingComponent string: Who says so.
      reportingInstance string: Which one of them.
      series any: Data of a repeated event.
      source EventSource: Who says so.
      type string: Normal or Warning.
    EventSource: Who reports an event.
      component string: The program.
      host string: The node.
    Lease: Who leads, and until when.
      metadata ObjectMeta: Name, labels and the like.
      spec LeaseSpec: Holder and times.
    LeaseSpec: Holder and times of a lease.
      acquireTime microtime: When the holder took it.
      holderIdentity string: The holder.
      leaseDurationSeconds int: How long it lasts without renewal.
      leaseTransitions int: How often it changed hands.
      preferredHolder string: Who should take it.
      renewTime microtime: When it was last renewed.
      strategy string: How the holder is chosen.
    """
}
