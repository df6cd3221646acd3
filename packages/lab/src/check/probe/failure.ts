/** A request that a check needs for itself did not get through, or was refused. Its message is for the visitor. */
export class ProbeFailure extends Error {
  readonly code: string = 'probe-failure'
}

/** Without a channel there is nothing to try. */
export class ChannelRefused extends ProbeFailure {
  override readonly code = 'channel-refused'
}
