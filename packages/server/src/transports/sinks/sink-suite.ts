import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Sink, sinkHighWaterMarkBytes } from '../../hub/index.js'

/** A sink, and the client at its other end. */
export interface SinkUnderTest {
  readonly sink: Sink
  /** Ends the connection from this side, in its form's own way. */
  end(): void
  /** What a writer pushes for this payload. */
  wire(payload: Uint8Array): Uint8Array
  readonly client: SinkClient
}

export interface SinkClient {
  /** `data`: payloads, taken out of whatever carried them; `close`: nothing will come. */
  on(event: 'data' | 'close', listener: (payload: Uint8Array) => void): unknown
  pause(): void
  resume(): void
  /** Goes away without a word. */
  drop(): void
}

/** What every sink does, whatever carries its bytes. */
export function testSink(form: string, open: () => Promise<SinkUnderTest>): void {
  describe(`the sink of ${form}`, () => {
    test('writes nothing before the flush, then everything in its order', async () => {
      const { sink, wire, client } = await open()
      const heard = hearing(client)
      sink.push(wire(Buffer.from('one,')))
      sink.push(wire(Buffer.from('two,')))
      await nextTurn()
      expect(heard.text()).toBe('')
      sink.flush()
      sink.push(wire(Buffer.from('three')))
      sink.flush()
      await heard.has('one,two,three'.length)
      expect(heard.text()).toBe('one,two,three')
    })

    test('leaves bytes that it shares with others as they are', async () => {
      const { sink, wire, client } = await open()
      const heard = hearing(client)
      const shared = wire(Buffer.from('shared'))
      const before = Buffer.from(shared)
      for (let turn = 0; turn < 3; turn++) {
        sink.push(shared)
        sink.flush()
      }
      await heard.has(18)
      expect(heard.text()).toBe('sharedsharedshared')
      expect(Buffer.compare(shared, before)).toBe(0)
    })

    test('is backed up while its client does not read, and drained when it does; nothing is lost', async () => {
      const { sink, wire, client } = await open()
      const heard = hearing(client)
      client.pause()
      let pushed = 0
      while (!sink.isBackedUp) {
        sink.push(wire(Buffer.alloc(64 * 1024, String.fromCharCode(97 + (pushed % 26)))))
        sink.flush()
        pushed++
        await nextTurn()
      }
      expect(pushed * 64 * 1024).toBeGreaterThan(sinkHighWaterMarkBytes)
      let isDrained = false
      const drained = sink.drained().then(() => {
        isDrained = true
      })
      await nextTurn()
      expect(isDrained).toBe(false)
      client.resume()
      await drained
      expect(sink.isBackedUp).toBe(false)
      await heard.has(pushed * 64 * 1024)
      expect(heard.text().length).toBe(pushed * 64 * 1024)
      expect(heard.text().replace(/(.)\1+/g, '$1')).toBe(
        Array.from({ length: pushed }, (_, index) => String.fromCharCode(97 + (index % 26))).join(''),
      )
    })

    test('wakes a hundred who wait for it, and gathers no listener for each', async () => {
      const warnings: string[] = []
      const hear = (warning: Error) => warnings.push(warning.message)
      process.on('warning', hear)
      onTestFinished(() => {
        process.off('warning', hear)
      })
      const { sink, wire, client } = await open()
      client.pause()
      while (!sink.isBackedUp) {
        sink.push(wire(Buffer.alloc(256 * 1024)))
        sink.flush()
        await nextTurn()
      }
      const waiting = Array.from({ length: 100 }, () => sink.drained())
      client.on('data', () => {})
      client.resume()
      await Promise.all(waiting)
      await nextTurn()
      // Node warns of an emitter that gathers more than ten listeners of a kind.
      expect(warnings).toEqual([])
    })

    test('has written everything that was pushed when it ends, and is gone then', async () => {
      const { sink, end, wire, client } = await open()
      const heard = hearing(client)
      const closed = new Promise<void>((resolve) => client.on('close', () => resolve()))
      sink.push(wire(Buffer.from('last words')))
      sink.flush()
      end()
      await closed
      expect(heard.text()).toBe('last words')
      expect(sink.isGone).toBe(true)
    })

    test('is gone when its client is, waits for nothing, and takes what comes without a word', async () => {
      const { sink, wire, client } = await open()
      client.pause()
      while (!sink.isBackedUp) {
        sink.push(wire(Buffer.alloc(256 * 1024)))
        sink.flush()
        await nextTurn()
      }
      const drained = sink.drained()
      client.drop()
      await drained
      expect(sink.isGone).toBe(true)
      sink.push(wire(Buffer.from('for nobody')))
      sink.flush()
      await sink.drained()
    })
  })
}

/** What a client has heard so far, and when it has heard so much. */
function hearing(client: SinkClient) {
  const parts: Uint8Array[] = []
  let bytes = 0
  let wake = () => {}
  client.on('data', (payload) => {
    parts.push(payload)
    bytes += payload.byteLength
    wake()
  })
  return {
    text: () => Buffer.concat(parts).toString('latin1'),
    has: async (count: number) => {
      while (bytes < count) await new Promise<void>((resolve) => (wake = resolve))
    },
  }
}

/** Resolves when `emitter` has emitted it; what a test opens is open by then. */
export async function emitted<T>(emitter: NodeJS.EventEmitter, event: string): Promise<T> {
  const [first] = (await once(emitter, event)) as [T]
  return first
}
