import KubeAPI
import KubeRuntime
import PodNetwork

/// Which change of an owner concerns which records (docs/architecture.md, whose an address is).
extension ControllerSignals {
  /// A record is gone: whoever ran on it is looked after anew.
  func wakeOwner(of record: IPRecord, in stores: ClusterStores) {
    pods.add(record.ownerKey)
    for pod in stores.pods(ofMachine: record.ownerKey) { pods.add(pod.key) }
  }

  /// The records of these are judged again.
  func judge(_ judged: [IPRecord]) {
    for record in judged { records.add(record.key) }
  }

  /// Queues what owners and their subnets decide about.
  func connectOwners(_ stores: ClusterStores, ended: EndedPods) {
    stores.pods.onChange { change in
      guard let old = change.old, change.new?.metadata.uid != old.metadata.uid else { return }
      ended.note(old)
      // A machine's records are not found under its pod's name.
      if let machine = PodOwner.machineKey(of: old) { judge(stores.records(ofPod: machine)) }
    }
    stores.sets.onChange { change in
      if let old = change.old, old.isLike(change.new) { return }
      judge(stores.records(ofSet: change.key))
    }
    stores.machines.onChange { change in
      guard change.new?.metadata.isDeleting ?? true else { return }
      judge(stores.records(ofPod: change.key))
    }
    stores.instances.onChange { change in
      guard change.new?.metadata.isDeleting ?? true else { return }
      judge(stores.records(ofPod: change.key))
    }
    stores.subnets.onChange { change in
      let (before, after) = (change.old?.metadata.isDeleting, change.new?.metadata.isDeleting)
      guard after != before, after != false else { return }
      judge(stores.records(inSubnet: change.key.name))
    }
  }
}

extension StatefulSet {
  /// Whether nothing that addresses depend on differs.
  fileprivate func isLike(_ other: StatefulSet?) -> Bool {
    guard let other else { return false }
    return metadata.uid == other.metadata.uid && metadata.isDeleting == other.metadata.isDeleting && replicas == other.replicas
      && firstOrdinal == other.firstOrdinal && templateAnnotations == other.templateAnnotations
  }
}
