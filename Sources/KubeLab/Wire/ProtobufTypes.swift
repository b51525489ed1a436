/// Field numbers of the messages that kubectl sends in protobuf (`kubectl create`, `auth`, `drain`): `Type: number name type, …`.
///
/// Types: `s` string, `b` bytes (base64 in JSON), `i` integer, `f` bool (`z` and `g` where Go writes a zero that means nothing), `t` Time, `u` MicroTime, `n` IntOrString, `q` Quantity, `m` map of
/// strings, `x` map of bytes, `y` map of quantities, or a message's name; a leading `*` marks a list.
enum ProtobufTypes {
  static let text = """
    ObjectMeta: 1 name s, 2 generateName s, 3 namespace s, 4 selfLink s, 5 uid s, 6 resourceVersion s, 7 generation z, \
    8 creationTimestamp t, 9 deletionTimestamp t, 10 deletionGracePeriodSeconds i, 11 labels m, 12 annotations m, \
    13 ownerReferences *OwnerReference, 14 finalizers *s
    OwnerReference: 1 kind s, 3 name s, 4 uid s, 5 apiVersion s, 6 controller f, 7 blockOwnerDeletion f
    LabelSelector: 1 matchLabels m, 2 matchExpressions *LabelSelectorRequirement
    LabelSelectorRequirement: 1 key s, 2 operator s, 3 values *s
    Namespace: 1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status NamespaceStatus
    NamespaceSpec: 1 finalizers *s
    NamespaceStatus: 1 phase s
    ConfigMap: 1 metadata ObjectMeta, 2 data m, 3 binaryData x, 4 immutable f
    Secret: 1 metadata ObjectMeta, 2 data x, 3 type s, 4 stringData m, 5 immutable f
    ServiceAccount: 1 metadata ObjectMeta, 2 secrets *ObjectReference, 3 imagePullSecrets *LocalObjectReference, \
    4 automountServiceAccountToken f
    ObjectReference: 1 kind s, 2 namespace s, 3 name s, 4 uid s, 5 apiVersion s, 6 resourceVersion s, 7 fieldPath s
    LocalObjectReference: 1 name s
    Event: 1 metadata ObjectMeta, 2 involvedObject ObjectReference, 3 reason s, 4 message s, 5 source EventSource, 6 firstTimestamp t, \
    7 lastTimestamp t, 8 count z, 9 type s, 10 eventTime u, 12 action s, 13 related ObjectReference, 14 reportingComponent s, \
    15 reportingInstance s
    EventSource: 1 component s, 2 host s
    Lease: 1 metadata ObjectMeta, 2 spec LeaseSpec
    LeaseSpec: 1 holderIdentity s, 2 leaseDurationSeconds i, 3 acquireTime u, 4 renewTime u, 5 leaseTransitions i, 6 strategy s, \
    7 preferredHolder s
    Service: 1 metadata ObjectMeta, 2 spec ServiceSpec, 3 status ServiceStatus
    ServiceStatus: 1 loadBalancer Empty
    ServiceSpec: 1 ports *ServicePort, 2 selector m, 3 clusterIP s, 4 type s, 5 externalIPs *s, 7 sessionAffinity s, 8 loadBalancerIP s, \
    9 loadBalancerSourceRanges *s, 10 externalName s, 11 externalTrafficPolicy s, 12 healthCheckNodePort z, \
    13 publishNotReadyAddresses g, 17 ipFamilyPolicy s, 18 clusterIPs *s, 19 ipFamilies *s
    ServicePort: 1 name s, 2 protocol s, 3 port z, 4 targetPort n, 5 nodePort z, 6 appProtocol s
    Role: 1 metadata ObjectMeta, 2 rules *PolicyRule
    ClusterRole: 1 metadata ObjectMeta, 2 rules *PolicyRule, 3 aggregationRule AggregationRule
    AggregationRule: 1 clusterRoleSelectors *LabelSelector
    PolicyRule: 1 verbs *s, 2 apiGroups *s, 3 resources *s, 4 resourceNames *s, 5 nonResourceURLs *s
    RoleBinding: 1 metadata ObjectMeta, 2 subjects *Subject, 3 roleRef RoleRef
    ClusterRoleBinding: 1 metadata ObjectMeta, 2 subjects *Subject, 3 roleRef RoleRef
    Subject: 1 kind s, 2 apiGroup s, 3 name s, 4 namespace s
    RoleRef: 1 apiGroup s, 2 kind s, 3 name s
    SelfSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec, 3 status SubjectAccessReviewStatus
    SelfSubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes
    SubjectAccessReview: 1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec, 3 status SubjectAccessReviewStatus
    SubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes, 3 user s, \
    4 groups *s, 6 uid s
    SubjectAccessReviewStatus: 1 allowed g, 2 reason s, 3 evaluationError s, 4 denied g
    ResourceAttributes: 1 namespace s, 2 verb s, 3 group s, 4 version s, 5 resource s, 6 subresource s, 7 name s
    NonResourceAttributes: 1 path s, 2 verb s
    SelfSubjectRulesReview: 1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec, 3 status SubjectRulesReviewStatus
    SelfSubjectRulesReviewSpec: 1 namespace s
    SubjectRulesReviewStatus: 3 incomplete g, 4 evaluationError s
    SelfSubjectReview: 1 metadata ObjectMeta, 2 status SelfSubjectReviewStatus
    SelfSubjectReviewStatus: 1 userInfo UserInfo
    UserInfo: 1 username s, 2 uid s, 3 groups *s
    Deployment: 1 metadata ObjectMeta, 2 spec DeploymentSpec, 3 status DeploymentStatus
    DeploymentSpec: 1 replicas i, 2 selector LabelSelector, 3 template PodTemplateSpec, 4 strategy DeploymentStrategy, \
    5 minReadySeconds z, 6 revisionHistoryLimit i, 7 paused g, 9 progressDeadlineSeconds i
    DeploymentStrategy: 1 type s, 2 rollingUpdate RollingUpdateDeployment
    RollingUpdateDeployment: 1 maxUnavailable n, 2 maxSurge n
    DeploymentStatus: 1 observedGeneration z, 2 replicas z, 3 updatedReplicas z, 4 availableReplicas z, 5 unavailableReplicas z, \
    7 readyReplicas z, 8 collisionCount i
    Job: 1 metadata ObjectMeta, 2 spec JobSpec, 3 status JobStatus
    JobSpec: 1 parallelism i, 2 completions i, 3 activeDeadlineSeconds i, 4 selector LabelSelector, 5 manualSelector f, \
    6 template PodTemplateSpec, 7 backoffLimit i, 8 ttlSecondsAfterFinished i, 9 completionMode s, 10 suspend f
    JobStatus: 2 startTime t, 3 completionTime t, 4 active z, 5 succeeded z, 6 failed z
    PodTemplateSpec: 1 metadata ObjectMeta, 2 spec PodSpec
    Pod: 1 metadata ObjectMeta, 2 spec PodSpec, 3 status PodStatus
    PodStatus: 1 phase s
    PodSpec: 2 containers *Container, 3 restartPolicy s, 4 terminationGracePeriodSeconds i, 5 activeDeadlineSeconds i, 6 dnsPolicy s, \
    7 nodeSelector m, 8 serviceAccountName s, 9 serviceAccount s, 10 nodeName s, 11 hostNetwork g, 12 hostPID g, 13 hostIPC g, \
    14 securityContext Empty, 15 imagePullSecrets *LocalObjectReference, 16 hostname s, 17 subdomain s, 19 schedulerName s, \
    20 initContainers *Container, 21 automountServiceAccountToken f, 22 tolerations *Toleration, 24 priorityClassName s, 25 priority i
    Container: 1 name s, 2 image s, 3 command *s, 4 args *s, 5 workingDir s, 6 ports *ContainerPort, 7 env *EnvVar, \
    8 resources ResourceRequirements, 13 terminationMessagePath s, 14 imagePullPolicy s, 16 stdin g, 17 stdinOnce g, 18 tty g, \
    20 terminationMessagePolicy s
    ContainerPort: 1 name s, 2 hostPort z, 3 containerPort z, 4 protocol s, 5 hostIP s
    EnvVar: 1 name s, 2 value s
    ResourceRequirements: 1 limits y, 2 requests y
    Toleration: 1 key s, 2 operator s, 3 value s, 4 effect s, 5 tolerationSeconds i
    Binding: 1 metadata ObjectMeta, 2 target ObjectReference
    Eviction: 1 metadata ObjectMeta, 2 deleteOptions DeleteOptions
    DeleteOptions: 1 gracePeriodSeconds i, 2 preconditions Preconditions, 3 orphanDependents f, 4 propagationPolicy s, 5 dryRun *s
    Preconditions: 1 uid s, 2 resourceVersion s
    Scale: 1 metadata ObjectMeta, 2 spec ScaleSpec, 3 status ScaleStatus
    ScaleSpec: 1 replicas z
    ScaleStatus: 1 replicas z, 2 selector s
    Empty:
    """
}
