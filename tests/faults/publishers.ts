import type { Attempt } from '../support/history-checker.js'
import { pick } from '../support/random.js'

/** Between two appends of one publisher, milliseconds. */
const longestPauseMs = 120

/**
 * Publishes numbered messages by plain POSTs, directly at the server, one after the other, until it is told to stop; the
 * last append comes after that.
 */
export async function publishUntil(
  url: string,
  name: string,
  random: () => number,
  isOver: () => boolean,
): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  let isLast = false
  for (let n = 0; !isLast; ) {
    isLast = isOver()
    const messages = Array.from({ length: pick(random, [1, 1, 1, 2, 3, 10]) }, () =>
      JSON.stringify({ from: name, n: n++, text: `🍰 für alle, ${'x'.repeat(random() * 60)}` }),
    )
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `[${messages.join(',')}]`,
    })
    if (!answer.ok) throw new Error(`${url}: ${answer.status}: ${await answer.text()}`)
    const offset = answer.headers.get('stream-next-offset') ?? ''
    attempts.push(...messages.map((message): Attempt => ({ message, fate: 'acknowledged', offset })))
    await new Promise((resolve) => setTimeout(resolve, random() * longestPauseMs))
  }
  return attempts
}
