import { durabilities, durabilityHeader, isDurability, Problem, retentionHeader } from '@tidings/protocol'
import type { Channel, ChannelSpec, Retention } from '../log/index.js'
import type { Headers } from '../transports/index.js'
import { type HttpRequest, headerText } from './http-request.js'

/**
 * What a PUT says of how long its channel's messages last.
 *
 * @throws Problem `durability-invalid`, `retention-invalid`
 */
export function keepingOf(request: HttpRequest): Pick<ChannelSpec, 'durability' | 'retention'> {
  const durability = headerText(request, durabilityHeader)
  if (durability !== undefined && !isDurability(durability)) {
    throw new Problem('durability-invalid', `Stream-Durability is one of ${durabilities.join(', ')}.`)
  }
  const ageSeconds = limitOf(request, retentionHeader.ageSeconds)
  const count = limitOf(request, retentionHeader.count)
  const bytes = limitOf(request, retentionHeader.bytes)
  const retention: Retention = {
    ...(ageSeconds !== undefined && { ageSeconds }),
    ...(count !== undefined && { count }),
    ...(bytes !== undefined && { bytes }),
  }
  return {
    ...(durability !== undefined && { durability }),
    ...(Object.keys(retention).length > 0 && { retention }),
  }
}

function limitOf(request: HttpRequest, name: string): number | undefined {
  const text = headerText(request, name)
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new Problem(
    'retention-invalid',
    'Stream-Retention-Age, -Count and -Bytes are whole numbers from 1 on, without sign or leading zeros.',
  )
}

/** The same, said back. */
export function keepingHeaders(channel: Channel, usual: string): Headers {
  const { durability = usual, retention = {} } = channel.record
  const { ageSeconds, count, bytes } = retention
  return {
    [durabilityHeader]: durability,
    ...(ageSeconds !== undefined && { [retentionHeader.ageSeconds]: String(ageSeconds) }),
    ...(count !== undefined && { [retentionHeader.count]: String(count) }),
    ...(bytes !== undefined && { [retentionHeader.bytes]: String(bytes) }),
  }
}
