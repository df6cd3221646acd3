import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { HeldPieces } from './held-pieces.js'

test('of pieces of a byte each a few thousand are held up, and no more is read', async () => {
  const [from, to] = [new PassThrough(), new PassThrough()]
  new HeldPieces(
    from,
    to,
    () => ({ delayMs: 60_000, keepsAll: false }),
    () => {},
  )
  const paused = once(from, 'pause')
  let pieces = 0
  while (!from.isPaused() && pieces < 20_000) {
    from.write('a')
    pieces++
    await new Promise(setImmediate)
  }
  expect(pieces).toBeLessThan(10_000)
  await paused
  to.destroy()
})
