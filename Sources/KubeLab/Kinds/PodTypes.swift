/// core/v1 Pod and what is inside.
enum PodTypes {
  static let text = """
    Pod: A group of containers that share a network namespace and run on one node.
      metadata ObjectMeta: Name, labels and the like.
      spec PodSpec: What is to run, and where.
      status PodStatus: What was last seen of it.
    PodTemplateSpec: What a controller makes pods from.
      metadata ObjectMeta: Labels and annotations of the pods.
      spec PodSpec: What the pods run.
    PodSpec: What is to run, and where.
      activeDeadlineSeconds long: Seconds after the start when the pod is ended as failed.
      affinity any: Where the pod likes or needs to run.
      automountServiceAccountToken bool: Whether a token is mounted.
      containers []Container key=name !: The containers; at least one.
      dnsConfig any: Resolver settings beside those of dnsPolicy.
      dnsPolicy string: ClusterFirst, ClusterFirstWithHostNet, Default or None.
      enableServiceLinks bool: Whether services are told as environment variables.
      ephemeralContainers []Container key=name: Containers added for debugging.
      hostAliases []HostAlias key=ip: Lines for the pod's hosts file.
      hostIPC bool: Use the host's IPC namespace.
      hostNetwork bool: Use the host's network namespace.
      hostPID bool: Use the host's process namespace.
      hostUsers bool: Use the host's user namespace.
      hostname string: The pod's host name.
      imagePullSecrets []LocalObjectReference key=name: Secrets for fetching images.
      initContainers []Container key=name: Containers that run to their end first, one after the other.
      nodeName string: The node that runs the pod; set by binding.
      nodeSelector map atomic: Labels that the node must have.
      os any: The operating system of the containers.
      overhead map<quantity>: Resources that the runtime itself takes.
      preemptionPolicy string: PreemptLowerPriority or Never.
      priority int: Importance as a number.
      priorityClassName string: Importance by name.
      readinessGates []any: Conditions that readiness also asks for.
      resourceClaims []any key=name: Claims for devices.
      resources any: Resources of the whole pod.
      restartPolicy string: Always, OnFailure or Never.
      runtimeClassName string: The runtime to use.
      schedulerName string: Who binds the pod.
      schedulingGates []any key=name: While one is left the pod is not bound.
      securityContext any: Users, groups and the like for all containers.
      serviceAccount string: Old name of serviceAccountName.
      serviceAccountName string: The account that the pod acts as.
      setHostnameAsFQDN bool: Use the full name as host name.
      shareProcessNamespace bool: One process namespace for all containers.
      subdomain string: Domain of the host name.
      terminationGracePeriodSeconds long: Seconds between the request to stop and the kill.
      tolerations []Toleration: Taints that the pod bears.
      topologySpreadConstraints []any key=topologyKey,whenUnsatisfiable merge=topologyKey: How pods spread over the cluster.
      volumes []Volume key=name retain: Volumes that containers may mount.
    Container: One container of a pod.
      args []string: Arguments of the command.
      command []string: The program; the image's own when absent.
      env []EnvVar key=name: Environment variables.
      envFrom []any: Sources of many variables.
      image string: The image.
      imagePullPolicy string: Always, Never or IfNotPresent.
      lifecycle any: Actions at start and stop.
      livenessProbe Probe: When to restart.
      name string !: Name, unique in the pod.
      ports []ContainerPort key=containerPort,protocol: Ports that the container listens on.
      readinessProbe Probe: When it can serve.
      resizePolicy []any: How resources are changed in place.
      resources ResourceRequirements: What it asks for and may use.
      restartPolicy string: Always makes an init container a sidecar.
      securityContext any: Users, capabilities and the like.
      startupProbe Probe: When the other probes begin.
      stdin bool: Keep standard input.
      stdinOnce bool: Close standard input after the first use.
      targetContainerName string: The container that an ephemeral one looks into.
      terminationMessagePath string: File of the last words.
      terminationMessagePolicy string: File or FallbackToLogsOnError.
      tty bool: Give it a terminal.
      volumeDevices []any key=devicePath: Block devices.
      volumeMounts []VolumeMount key=mountPath: Where volumes appear.
      workingDir string: Where the program starts.
    ContainerPort: A port of a container.
      containerPort int !: The port.
      hostIP string: Address on the host.
      hostPort int: Port on the host.
      name string: Name that services may use.
      protocol string default=TCP: TCP, UDP or SCTP.
    EnvVar: An environment variable.
      name string !: Its name.
      value string: Its text.
      valueFrom any: Where else the text comes from.
    VolumeMount: A volume inside a container.
      mountPath string !: Where it appears.
      mountPropagation string: How mounts travel between host and container.
      name string !: The volume.
      readOnly bool: Whether it is read-only.
      recursiveReadOnly string: Whether submounts are read-only too.
      subPath string: A path inside the volume.
      subPathExpr string: The same with variables.
    ResourceRequirements: What is asked for and what may be used.
      claims []any key=name: Devices.
      limits map<quantity>: What may be used.
      requests map<quantity>: What is asked for.
    Probe: A question asked again and again.
      exec any: Run a command.
      failureThreshold int: Failures in a row that count.
      grpc any: Ask a gRPC health service.
      httpGet any: Ask over HTTP.
      initialDelaySeconds int: Wait before the first question.
      periodSeconds int: Seconds between questions.
      successThreshold int: Successes in a row that count.
      tcpSocket any: Open a connection.
      terminationGracePeriodSeconds long: Grace when the probe kills.
      timeoutSeconds int: Seconds to wait for an answer.
    Toleration: A taint that the pod bears.
      effect string: The taint's effect; empty is all.
      key string: The taint's key; empty is all.
      operator string: Exists or Equal.
      tolerationSeconds long: For how long.
      value string: The taint's value.
    HostAlias: A line of the hosts file.
      hostnames []string: Names.
      ip string !: Their address.
    Volume: Files that containers share or read.
      awsElasticBlockStore any: A disk of a cloud.
      azureDisk any: A disk of a cloud.
      azureFile any: Files of a cloud.
      cephfs any: A Ceph file system.
      cinder any: A disk of OpenStack.
      configMap any: Files from a ConfigMap.
      csi any: A driver outside of Kubernetes.
      downwardAPI any: Facts about the pod.
      emptyDir any: An empty folder that lives as long as the pod.
      ephemeral any: A claim made for the pod.
      fc any: A Fibre Channel disk.
      flexVolume any: A driver program.
      flocker any: A Flocker volume.
      gcePersistentDisk any: A disk of a cloud.
      gitRepo any: A repository.
      glusterfs any: A GlusterFS volume.
      hostPath any: A path of the node.
      image any: An image's files.
      iscsi any: An iSCSI disk.
      name string !: Name, unique in the pod.
      nfs any: An NFS share.
      persistentVolumeClaim any: A claim in the same namespace.
      photonPersistentDisk any: A disk of a cloud.
      portworxVolume any: A Portworx volume.
      projected any: Several sources in one folder.
      quobyte any: A Quobyte volume.
      rbd any: A Ceph block device.
      scaleIO any: A ScaleIO volume.
      secret any: Files from a Secret.
      storageos any: A StorageOS volume.
      vsphereVolume any: A disk of vSphere.
    PodStatus: What was last seen of the pod.
      conditions []Condition key=type: Aspects of its state.
      containerStatuses []any: The containers.
      ephemeralContainerStatuses []any: The debugging containers.
      hostIP string: The node's address.
      hostIPs []any: The node's addresses.
      initContainerStatuses []any: The init containers.
      message string: A sentence why it is so.
      nominatedNodeName string: Where room is being made.
      observedGeneration long: The generation that was seen.
      phase string: Pending, Running, Succeeded, Failed or Unknown.
      podIP string: The first address.
      podIPs []PodIP key=ip: All addresses of the pod's network.
      qosClass string: Guaranteed, Burstable or BestEffort.
      reason string: One word why it is so.
      resize string: State of a resize.
      resourceClaimStatuses []any key=name: Claims for devices.
      startTime time: When the node took it.
    PodIP: An address of a pod.
      ip string: The address.
    Binding: Ties a pod to a node.
      metadata ObjectMeta: The pod's name.
      target ObjectReference !: The node.
    """
}
