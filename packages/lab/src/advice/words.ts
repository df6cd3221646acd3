import type { Way } from '@tidings/protocol'

/** A way within a sentence. */
export const wayName: Readonly<Record<Way, string>> = {
  'short-poll': 'short polling',
  'long-poll': 'long polling',
  sse: 'SSE',
  websocket: 'WebSocket',
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `1.2 Mbit/s` */
export function sayBits(bitsPerSecond: number): string {
  const [unit, size] =
    (
      [
        ['Gbit/s', 1e9],
        ['Mbit/s', 1e6],
        ['kbit/s', 1e3],
      ] as const
    ).find(([, least]) => bitsPerSecond >= least) ?? (['bit/s', 1] as const)
  return `${sayNumber(bitsPerSecond / size)} ${unit}`
}

/** `4.1 ms`, `870 ms`, `1.2 s` */
export function sayDelay(ms: number | undefined): string {
  if (ms === undefined) return 'an unknown time'
  return ms < 1_000 ? `${sayNumber(ms)} ms` : `${sayNumber(ms / 1_000)} s`
}

export function sayShare(share: number): string {
  // "100%" is said of all alone.
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100}%`
}

/** Two digits that count, and thousands with commas: `0.2`, `1.3`, `47`, `12,000`. */
export function sayNumber(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: value >= 100 ? 3 : 2 })
}

/** `0.2 messages a second`, `1 message a minute` */
export function sayRate(perSecond: number): string {
  if (perSecond >= 0.1 || perSecond === 0)
    return `${sayNumber(perSecond)} ${plural(perSecond, 'message')} a second`
  return `${sayNumber(perSecond * 60)} ${plural(perSecond * 60, 'message')} a minute`
}

export function sayReaders(count: number): string {
  return `${count.toLocaleString('en')} ${plural(count, 'reader')}`
}

export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`
}
