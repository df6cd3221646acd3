import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { sinkHighWaterMarkBytes } from '../../hub/index.js'
import { StreamBackedSink } from './stream-backed-sink.js'

const tooMuch = Buffer.alloc(sinkHighWaterMarkBytes + 1)

/** A stream whose writes end when the test says so; at once when it says nothing. */
function stream(options: { isSlow: boolean }) {
  const ends: (() => void)[] = []
  const writable = new Writable({
    write(_chunk, _encoding, done) {
      if (options.isSlow) ends.push(done)
      else done()
    },
  })
  return { writable, endWrite: () => ends.shift()?.() }
}

test('what was pushed and not flushed backs a sink up; a stream that takes it at once drains it', async () => {
  const sink = new StreamBackedSink(stream({ isSlow: false }).writable)
  sink.push(tooMuch)
  expect(sink.isBackedUp).toBe(true)
  const drained = sink.drained()
  sink.flush()
  expect(sink.isBackedUp).toBe(false)
  await drained
})

test('bytes that are pushed as strings go out in their order with the others, and back a sink up like them', () => {
  const chunks: Buffer[] = []
  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  const sink = new StreamBackedSink(writable)
  sink.pushByteString('a\u00ff')
  sink.pushByteString('b')
  sink.push(Buffer.from('c'))
  sink.pushByteString('d')
  sink.flush()
  sink.pushByteString('e')
  sink.flush()
  expect(chunks.map((chunk) => chunk.toString('latin1'))).toEqual(['a\u00ffbcd', 'e'])
  sink.pushByteString(tooMuch.toString('latin1'))
  expect(sink.isBackedUp).toBe(true)
})

test('a sink drains when its stream has written what it held back', async () => {
  const { writable, endWrite } = stream({ isSlow: true })
  const sink = new StreamBackedSink(writable)
  sink.push(tooMuch)
  sink.flush()
  let isDrained = false
  const drained = sink.drained().then(() => {
    isDrained = true
  })
  sink.push(Buffer.from('more'))
  sink.flush()
  await Promise.resolve()
  expect([sink.isBackedUp, isDrained]).toEqual([true, false])
  endWrite()
  endWrite()
  await drained
  expect(sink.isBackedUp).toBe(false)
})

test('nobody waits for a sink that is gone', async () => {
  for (const when of ['before the flush', 'after it'] as const) {
    const { writable } = stream({ isSlow: true })
    const sink = new StreamBackedSink(writable)
    sink.push(tooMuch)
    if (when === 'after it') sink.flush()
    const drained = sink.drained()
    writable.destroy()
    if (when === 'before the flush') sink.flush()
    await drained
    expect(sink.isGone).toBe(true)
  }
})
