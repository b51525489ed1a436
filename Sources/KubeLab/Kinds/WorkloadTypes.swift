/// apps/v1, batch/v1 and autoscaling/v1.
enum WorkloadTypes {
  static let text = """
    Deployment: Keeps a number of equal pods and replaces them step by step.
      metadata ObjectMeta: Name, labels and the like.
      spec DeploymentSpec: What is wanted.
      status DeploymentStatus: What was last seen.
    DeploymentSpec: What a deployment wants.
      minReadySeconds int: How long a pod must be ready to count.
      paused bool: Whether it rests.
      progressDeadlineSeconds int: Seconds without progress that count as failure.
      replicas int: How many pods.
      revisionHistoryLimit int: How many old ReplicaSets stay.
      selector LabelSelector !: Which pods are its own.
      strategy any retain: How pods are replaced.
      template PodTemplateSpec !: The pods.
    DeploymentStatus: What was last seen of a deployment.
      availableReplicas int: Pods that are available.
      collisionCount int: Names that were taken.
      conditions []Condition key=type: Aspects of its state.
      observedGeneration long: The generation that was seen.
      readyReplicas int: Pods that are ready.
      replicas int: Pods.
      terminatingReplicas int: Pods that are going.
      unavailableReplicas int: Pods that are missing.
      updatedReplicas int: Pods of the newest template.
    ReplicaSet: Keeps a number of equal pods.
      metadata ObjectMeta: Name, labels and the like.
      spec ReplicaSetSpec: What is wanted.
      status ReplicaSetStatus: What was last seen.
    ReplicaSetSpec: What a ReplicaSet wants.
      minReadySeconds int: How long a pod must be ready to count.
      replicas int: How many pods.
      selector LabelSelector !: Which pods are its own.
      template PodTemplateSpec: The pods.
    ReplicaSetStatus: What was last seen of a ReplicaSet.
      availableReplicas int: Pods that are available.
      conditions []Condition key=type: Aspects of its state.
      fullyLabeledReplicas int: Pods with all labels of the template.
      observedGeneration long: The generation that was seen.
      readyReplicas int: Pods that are ready.
      replicas int: Pods.
      terminatingReplicas int: Pods that are going.
    StatefulSet: Keeps pods with names of their own.
      metadata ObjectMeta: Name, labels and the like.
      spec StatefulSetSpec: What is wanted.
      status StatefulSetStatus: What was last seen.
    StatefulSetSpec: What a StatefulSet wants.
      minReadySeconds int: How long a pod must be ready to count.
      ordinals StatefulSetOrdinals: How pods are numbered.
      persistentVolumeClaimRetentionPolicy any: What happens to the claims.
      podManagementPolicy string: OrderedReady or Parallel.
      replicas int: How many pods.
      revisionHistoryLimit int: How many old revisions stay.
      selector LabelSelector !: Which pods are its own.
      serviceName string: The service that names the pods.
      template PodTemplateSpec !: The pods.
      updateStrategy any: How pods are replaced.
      volumeClaimTemplates []any: Claims that each pod gets.
    StatefulSetOrdinals: How pods are numbered.
      start int: The first number.
    StatefulSetStatus: What was last seen of a StatefulSet.
      availableReplicas int: Pods that are available.
      collisionCount int: Names that were taken.
      conditions []Condition key=type: Aspects of its state.
      currentReplicas int: Pods of the old template.
      currentRevision string: The old template.
      observedGeneration long: The generation that was seen.
      readyReplicas int: Pods that are ready.
      replicas int: Pods.
      updateRevision string: The new template.
      updatedReplicas int: Pods of the new template.
    DaemonSet: Keeps a pod on every node.
      metadata ObjectMeta: Name, labels and the like.
      spec DaemonSetSpec: What is wanted.
      status DaemonSetStatus: What was last seen.
    DaemonSetSpec: What a DaemonSet wants.
      minReadySeconds int: How long a pod must be ready to count.
      revisionHistoryLimit int: How many old revisions stay.
      selector LabelSelector !: Which pods are its own.
      template PodTemplateSpec !: The pods.
      updateStrategy any: How pods are replaced.
    DaemonSetStatus: What was last seen of a DaemonSet.
      collisionCount int: Names that were taken.
      conditions []Condition key=type: Aspects of its state.
      currentNumberScheduled int: Nodes that run it and should.
      desiredNumberScheduled int: Nodes that should run it.
      numberAvailable int: Nodes where it is available.
      numberMisscheduled int: Nodes that run it and should not.
      numberReady int: Nodes where it is ready.
      numberUnavailable int: Nodes where it is missing.
      observedGeneration long: The generation that was seen.
      updatedNumberScheduled int: Nodes with the newest template.
    Job: Runs pods to their end.
      metadata ObjectMeta: Name, labels and the like.
      spec JobSpec: What is wanted.
      status JobStatus: What was last seen.
    JobSpec: What a job wants.
      activeDeadlineSeconds long: Seconds after which it fails.
      backoffLimit int: Failures after which it fails.
      backoffLimitPerIndex int: The same for one index.
      completionMode string: NonIndexed or Indexed.
      completions int: Successes that are needed.
      managedBy string: Who looks after it.
      manualSelector bool: Whether the selector is the author's.
      maxFailedIndexes int: Failed indexes after which it fails.
      parallelism int: Pods at a time.
      podFailurePolicy any: What failures mean.
      podReplacementPolicy string: When a pod is replaced.
      selector LabelSelector: Which pods are its own.
      successPolicy any: What success means.
      suspend bool: Whether it rests.
      template PodTemplateSpec !: The pods.
      ttlSecondsAfterFinished int: Seconds that it stays after its end.
    JobStatus: What was last seen of a job.
      active int: Pods that run.
      completedIndexes string: Indexes that are done.
      completionTime time: When it was done.
      conditions []Condition key=type: Aspects of its state.
      failed int: Pods that failed.
      failedIndexes string: Indexes that failed.
      ready int: Pods that are ready.
      startTime time: When it began.
      succeeded int: Pods that succeeded.
      terminating int: Pods that are going.
      uncountedTerminatedPods any: Pods not yet counted.
    Scale: The number of pods of a workload.
      metadata ObjectMeta: Name of the workload.
      spec ScaleSpec: How many are wanted.
      status ScaleStatus: How many there are.
    ScaleSpec: How many are wanted.
      replicas int: The number.
    ScaleStatus: How many there are.
      replicas int: The number.
      selector string: Which pods they are.
    Eviction: Asks a pod to go.
      metadata ObjectMeta: The pod's name.
      deleteOptions any: How to delete it.
    """
}
