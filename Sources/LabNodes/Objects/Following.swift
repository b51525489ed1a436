package import KubeAPI
package import KubeClient
package import KubeRuntime
package import Logging

/// Keeps a store equal to the server's objects until the task is cancelled.
package func follow<R: Resource>(
  _ store: Store<R>, _ selection: Selection = .everything, client: KubeClient, logger: Logger, isOptional: Bool = false
) async {
  var options = Reflector<R>.Options()
  options.selection = selection
  options.isOptional = isOptional
  options.undecodable = { logger.error("object left out", metadata: ["kind": "\(R.resourceType)", "object": "\($0)"]) }
  // A reflector ends by cancellation alone; whatever it throws then is that.
  try? await Reflector(client: client, store: store, options: options, logger: logger, clock: ContinuousClock()).run()
}
