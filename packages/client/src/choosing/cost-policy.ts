import { type Way, ways } from '@tidings/protocol'

/** How a client is used lately, as far as it tells what a way costs. */
export interface Usage {
  /** How long nobody could see the page, milliseconds; 0 while it is looked at, and where there is no page. */
  readonly hiddenMs: number
  /** Heard over all channels, on average of the last minute or so. */
  readonly messagesPerMinute: number
  /** Since the last message, milliseconds. */
  readonly idleMs: number
}

/** How often a page is polled that nobody sees, milliseconds: 2 polls a minute, where a held poll has 2.4. */
export const hiddenIntervalMs = 30_000

/**
 * Longer than a page is hidden in passing. To leave a WebSocket and come back has some 20 packets (of TCP, TLS and the
 * upgrade); it has as many in a minute if it stays.
 */
const hiddenForMs = 60_000

/** Messages a minute: from the first a WebSocket costs less, below the second long polls do, and between, what is stays. */
const busyFrom = 20
const quietFrom = 10
/** With nothing for so long it is quiet, whatever the average still says. */
const quietAfterMs = 60_000

/**
 * For `policy: 'cost'`: the ways that may be used now. A hidden page polls slowly, a quiet channel is held by long
 * polls, and a busy one may have all. At least the cheapest that is wished for is left.
 *
 * Counted are packets, since each wakes a radio and has 74 bytes of TCP, IP and TLS about it. The bytes were measured with a real
 * server (HTTP/1.1), with a message of 100 bytes and a request's head as long as Chrome's:
 *
 *                         bytes each     packets each    a minute that is silent
 *     short poll, 304      664 +  206     2               2 (every 30 s):          4 packets, 1,740 bytes
 *     long poll, empty     584 +  227     2               2.4 (held for 25 s):     5 packets, 1,950 bytes
 *     long poll, message   585 +  513     2
 *     WebSocket, ping       21 +   17     2               6 of ours (every 10 s), 4 of the server's
 *        the server's        6 +    2     2               (every 15 s):           20 packets,   260 bytes
 *     WebSocket, message     0 +  243     1
 *
 * With m messages a minute long polls have 2m packets (from ten on hardly one is empty), a WebSocket 20 + m: they
 * are equal at m = 20, and at 10 long polls have two thirds. In bytes a WebSocket is never dearer: with 74 a packet at
 * m = 0 it has 1,740 and long polls have 2,300, at 20 it is 8,100 against 24,900. So the packets alone speak for long
 * polls, and from 20 on nothing does.
 *
 * @param now what the last answer was: returned itself when nothing changes
 */
export function affordableWays(wished: readonly Way[], usage: Usage, now: readonly Way[]): readonly Way[] {
  const costs = (way: Way) => ways.indexOf(way)
  const wasBusy = wished.every((way) => now.includes(way))
  const isBusy = usage.idleMs < quietAfterMs && usage.messagesPerMinute >= (wasBusy ? quietFrom : busyFrom)
  const ceiling = usage.hiddenMs >= hiddenForMs ? 'short-poll' : isBusy ? 'websocket' : 'long-poll'
  const most = Math.max(costs(ceiling), Math.min(...wished.map(costs)))
  const allowed = wished.filter((way) => costs(way) <= most)
  return allowed.join() === now.join() ? now : allowed
}
