import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Heartbeat, Hub, MaxAge } from '../hub/index.js'
import { MemoryEngine } from '../log/engines/memory.js'
import { Log } from '../log/index.js'
import { EnvelopeSession } from './envelope-session.js'
import type { Account } from './exchange.js'
import { Inflow } from './inflow.js'
import { Liveness } from './liveness.js'
import type { Station } from './transport.js'
import type { WebSocketConnection, WebSocketListener } from './websocket-connection.js'

/** Remembers what is done to it; the test says what its client does. */
class StubConnection implements WebSocketConnection {
  isTouched = false
  readonly subprotocol = 'tidings.v1'
  readonly isGone = false
  isBackedUp = false
  readonly hasUntaken = false
  isPaused = false
  bytesHeard = 0
  pings = 0
  isTerminated = false
  readonly sent: string[] = []
  send: (data: Buffer, isBinary: boolean) => void = () => {}

  hear(listener: WebSocketListener): void {
    this.send = (data, isBinary) => listener.tookMessage(data, isBinary)
  }
  close(): void {}
  pause(): void {
    this.isPaused = true
  }
  resume(): void {
    this.isPaused = false
  }
  ping(): void {
    this.pings++
  }
  terminate(): void {
    this.isTerminated = true
  }
  push(bytes: Uint8Array): void {
    this.pushByteString(Buffer.from(bytes).toString('latin1'))
  }
  pushByteString(text: string): void {
    this.sent.push(text.slice(text.indexOf('{')))
  }
  flush(): void {}
  async drained(): Promise<void> {}

  async taken(): Promise<void> {}
}

function startStation(): Station {
  const log = new Log(new MemoryEngine())
  // Beats only when a test says so.
  const heartbeat = new Heartbeat({ intervalMs: 2 ** 30 })
  onTestFinished(async () => {
    heartbeat.stop()
    await log.close()
  })
  const sizes = { maxMessageBytes: 1e6, maxBodyBytes: 1e6, maxNameBytes: 1_024 }
  return {
    log,
    hub: new Hub(log),
    heartbeat,
    maxAge: new MaxAge({ maxAgeMs: 0 }),
    settings: { longPollMs: 1, heartbeatMs: 1, ...sizes },
    holds: new Set(),
    streams: new Set(),
    now: Date.now,
  }
}

test('a socket of which a thousand small appends wait is not read until half of them are kept', () => {
  const connection = new StubConnection()
  const inflow = new Inflow(connection)
  for (let appends = 1; appends <= 1_000; appends++) {
    expect(connection.isPaused).toBe(false)
    inflow.take(1)
    expect(connection.isPaused).toBe(appends === 1_000)
  }
  for (let kept = 1; kept <= 500; kept++) inflow.settle(1)
  expect(connection.isPaused).toBe(true)
  inflow.settle(1)
  expect(connection.isPaused).toBe(false)
})

test('a socket of which few large appends wait is not read either', () => {
  const connection = new StubConnection()
  const inflow = new Inflow(connection)
  const largeBytes = 4 * 1024 * 1024 - 1
  inflow.take(largeBytes)
  expect(connection.isPaused).toBe(false)
  inflow.take(1)
  expect(connection.isPaused).toBe(true)
  inflow.settle(largeBytes)
  expect(connection.isPaused).toBe(false)
})

test('a socket that closes waits for its appends, and not when it has none', async () => {
  const inflow = new Inflow(new StubConnection())
  await inflow.settled()
  inflow.take(1)
  inflow.take(1)
  let isOver = false
  const over = inflow.settled().then(() => {
    isOver = true
  })
  inflow.settle(1)
  await nextTurn()
  expect(isOver).toBe(false)
  inflow.settle(1)
  await over
})

test('silence does not count while our own writes are blocked, and does from then on', () => {
  const connection = new StubConnection()
  const liveness = new Liveness(startStation(), connection, { goAway: () => {} })
  connection.isBackedUp = true
  for (let beat = 0; beat < 10; beat++) liveness.beat()
  // A ping would stand behind what can't be written.
  expect(connection).toMatchObject({ isTerminated: false, pings: 0 })
  connection.isBackedUp = false
  for (let beat = 0; beat < 2; beat++) liveness.beat()
  expect(connection).toMatchObject({ isTerminated: false, pings: 2 })
  liveness.beat()
  expect(connection.isTerminated).toBe(true)
})

test('silence does not count while we do not read; one byte from the client begins the count anew', () => {
  const connection = new StubConnection()
  const liveness = new Liveness(startStation(), connection, { goAway: () => {} })
  connection.isPaused = true
  for (let beat = 0; beat < 10; beat++) liveness.beat()
  connection.isPaused = false
  for (let beat = 0; beat < 2; beat++) liveness.beat()
  connection.bytesHeard++
  for (let beat = 0; beat < 3; beat++) liveness.beat()
  expect(connection.isTerminated).toBe(false)
  liveness.beat()
  expect(connection.isTerminated).toBe(true)
})

test('a socket hears ten thousand channels and not one more, and one that is left makes room', async () => {
  const station = startStation()
  const names = Array.from({ length: 10_001 }, (_, index) => `channel-${index}`)
  const spec = { contentType: 'application/json', messages: [] }
  await Promise.all(names.map((name) => station.log.create(name, spec)))
  const connection = new StubConnection()
  const account = { countPayload: () => {}, problemOf: (error: unknown) => error } as unknown as Account
  new EnvelopeSession(station, connection, account).begin()
  const say = (envelope: object) => connection.send(Buffer.from(JSON.stringify(envelope)), false)
  for (const channel of names.slice(0, 10_000)) say({ type: 'subscribe', channel })
  expect(connection.sent.filter((envelope) => envelope.includes('"error"'))).toEqual([])

  const channel = names[10_000]
  say({ type: 'subscribe', channel })
  const refusals = () => connection.sent.filter((envelope) => envelope.includes('"error"'))
  expect(refusals().map((text) => JSON.parse(text))).toMatchObject([
    { channel, code: 'subscriptions-too-many' },
  ])
  say({ type: 'unsubscribe', channel: names[0] })
  say({ type: 'subscribe', channel })
  expect(refusals()).toHaveLength(1)
})
