import { channelKind, mediaType, Problem } from '@tidings/protocol'
import type { ChannelSpec, ForkRequest } from './append.js'
import type { ChannelRecord, Fork, Retention } from './engine.js'

/**
 * That a channel which is there is what a second request asks for.
 *
 * @throws Problem `channel-exists`
 * @see Durable Streams §5.1, "idempotent success"
 */
export function checkSameConfiguration(record: ChannelRecord, spec: ChannelSpec): void {
  if (record.isSoftDeleted) {
    throw new Problem(
      'channel-exists',
      'A channel of this name was deleted, and forks still stand on its data. Delete them first, or use another name.',
    )
  }
  const same =
    mediaType(record.contentType) === mediaType(spec.contentType) &&
    channelKind(record.contentType) === channelKind(spec.contentType) &&
    sameLifetime(record, spec) &&
    isSameFork(record.fork, spec.fork) &&
    record.durability === spec.durability &&
    sameRetention(record.retention, spec.retention) &&
    (record.closed !== undefined) === (spec.closed ?? false)
  if (same) return
  throw new Problem(
    'channel-exists',
    `The channel exists as ${record.contentType}${record.closed ? ', closed' : ''}, or with another lifetime, durability, retention or fork point. ` +
      'Use its configuration, another name, or DELETE it first.',
  )
}

function sameLifetime(record: ChannelRecord, spec: ChannelSpec): boolean {
  const asksForNone = spec.ttlSeconds === undefined && spec.expiresAt === undefined
  if (record.fork?.inheritsLifetime && asksForNone) return true
  return record.ttlSeconds === spec.ttlSeconds && sameTime(record.expiresAt, spec.expiresAt)
}

function sameRetention(a: Retention = {}, b: Retention = {}): boolean {
  return a.ageSeconds === b.ageSeconds && a.count === b.count && a.bytes === b.bytes
}

function sameTime(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Date.parse(a) === Date.parse(b))
}

/** Whether a fork that is there was made by this request. @see Durable Streams §4.2, "Idempotent fork creation" */
function isSameFork(fork: Fork | undefined, request: ForkRequest | undefined): boolean {
  if (!fork || !request) return !fork && !request
  return (
    fork.source === request.source && fork.offset === request.offset && fork.subOffset === request.subOffset
  )
}
