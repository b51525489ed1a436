import IPAM
import KubeAPI
import KubeRuntime
import NetAddress
import PodNetwork

/// What leads to and from Vips and reservations.
extension ControllerSignals {
  /// Which change of Vips and of records made by hand concerns whom.
  func connectReservations(_ stores: ClusterStores) {
    stores.vips.onChange { change in
      vips.add(change.key)
      // Its conditions count too: a pod that waits for it says why.
      if change.old?.status != change.new?.status || change.old?.metadata.uid != change.new?.metadata.uid {
        wakeUsers(ofVip: change.key.name, stores)
      }
      // A subnet on its way out waits for its Vips.
      guard change.new == nil, let old = change.old, stores.subnets[ObjectKey(name: old.subnetName)]?.metadata.isDeleting == true else {
        return
      }
      subnets.add(ObjectKey(name: old.subnetName))
    }
    stores.records.onChange { change in
      // The pod may have come while its reservation was being decided.
      guard let old = change.old, let new = change.new, !old.metadata.isManaged, new.metadata.isManaged else { return }
      wakeOwner(of: new, in: stores)
    }
  }

  /// Every pod that names the Vip is tried again.
  func wakeUsers(ofVip name: String, _ stores: ClusterStores) {
    for pod in stores.pods(usingVip: name) { pods.add(pod.key) }
  }

  /// Something came back: reservations of those subnets that could not be had are tried again. Without a list: after an edit, all.
  func retryReservations(after returned: [Returned]? = nil, in book: AddressBook) {
    if let returned, returned.isEmpty { return }
    let names = returned.map { Set($0.map(\.subnet)) }
    for key in book.park({ $0.changed(inSubnets: names) }) {
      switch key.kind {
      case .vip: vips.add(ObjectKey(name: key.name))
      case .record: records.add(ObjectKey(name: key.name))
      }
    }
  }

  /// A NIC that is not a pod's came to hold something, or something else.
  func changed(from old: Allocation?, to new: Allocation, in book: AddressBook) {
    touched([new.subnet])
    guard let old else { return }
    touched([old.subnet])
    returned(Returned.changes(from: old, to: new, freed: new.freed, in: book.allocator), in: book)
  }

  /// A NIC that is not a pod's let everything go.
  func freed(_ released: ReleasedNIC, in book: AddressBook, _ stores: ClusterStores) {
    let subnet = released.held.allocation.subnet
    returned(Returned.all(of: released, in: book.allocator), in: book)
    touched([subnet])
    if stores.subnets[ObjectKey(name: subnet)]?.metadata.isDeleting == true { subnets.add(ObjectKey(name: subnet)) }
  }

  /// A NIC let go of an address that others still hold: a Vip among them has to say who uses it now.
  func parted(_ released: ReleasedNIC, in book: AddressBook) {
    let held = released.held.allocation
    let freed = Set(released.freed.map(\.address))
    for address in held.addresses.values where !freed.contains(address) {
      for holder in book.allocator.holders(of: address, in: held.subnet) where ObjectKey(owner: holder.owner) == nil {
        vips.add(ObjectKey(name: holder.owner.key))
      }
    }
  }

  /// An edit of a subnet took addresses away: whoever held one for no pod has to say so.
  func lost(_ dropped: [HeldNIC]) {
    for held in dropped {
      if ObjectKey(owner: held.owner) == nil {
        vips.add(ObjectKey(name: held.owner.key))
      } else {
        records.add(ObjectKey(name: held.allocation.nic))
      }
    }
  }
}

extension Returned {
  fileprivate var subnet: String {
    switch self {
    case .address(_, let subnet, _), .mac(_, let subnet): subnet
    }
  }
}
