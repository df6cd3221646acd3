import type { Envelope } from '../links/link.js'
import type { Start } from '../wire/start.js'

/**
 * The offset after each message of a batch. Positions have no gaps: they count messages in a JSON channel and bytes
 * in the others, so the sizes that fill the way from `start` to the batch's end are the right ones.
 *
 * @returns undefined when it can not be told: the batch is to be asked for with its offsets
 */
export function offsetsOf(envelope: Envelope, start: Start): readonly string[] | undefined {
  const { offsets, messages = [], nextOffset = '', encoding } = envelope
  if (offsets) return offsets
  if (messages.length < 2) return [nextOffset]
  const [history, position] = String(start).split('_')
  const [nextHistory, nextPosition] = nextOffset.split('_')
  if (history !== nextHistory) return undefined
  const distance = Number(nextPosition) - Number(position)
  const sizes =
    distance === messages.length
      ? messages.map(() => 1)
      : messages.map((message) => byteLength(message, encoding))
  if (sizes.reduce((sum, size) => sum + size, 0) !== distance) return undefined
  let at = Number(position)
  return sizes.map((size) => {
    at += size
    return `${history}_${String(at).padStart(16, '0')}`
  })
}

function byteLength(message: unknown, encoding: string | undefined): number {
  if (typeof message !== 'string') return 0
  return encoding ? atob(message).length : new TextEncoder().encode(message).length
}
