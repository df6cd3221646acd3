import { DurableStreamTestServer } from '@durable-streams/server'
import { startServer } from 'tidings'
import { type Answer, answerOf, compare, type Difference } from './answer.js'
import { Client, type RawAnswer, type Request } from './client.js'
import { hasCaughtUp } from './event-text.js'
import { type Operation, pathOf } from './operation.js'
import { KnownChannel, type Told, World } from './world.js'

/** An operation, what the two servers answered to it, and in what they differ. */
export interface Exchange {
  readonly operation: Operation
  /** What was known of the channel before; undefined when there was none. */
  readonly channel: KnownChannel | undefined
  readonly world: World
  readonly here: Answer
  readonly reference: Answer
  readonly differences: readonly Difference[]
}

type Side = keyof Told

/** Tidings and the reference server, side by side, with what both have told. */
export class Pair {
  readonly world = new World()
  readonly #clients: Record<Side, Client>
  /** For what is sent while another request waits. */
  readonly #besides: Record<Side, Client>
  readonly #stop: () => Promise<void>

  private constructor(urls: Told, stop: () => Promise<void>) {
    this.#clients = { here: new Client(urls.here), reference: new Client(urls.reference) }
    this.#besides = { here: new Client(urls.here), reference: new Client(urls.reference) }
    this.#stop = stop
  }

  /** @param longPollMs how long both hold a poll */
  static async start(longPollMs: number): Promise<Pair> {
    const here = await startServer({
      engine: 'memory',
      port: 0,
      longPollMs,
      onMistake: (error) => {
        throw error
      },
    })
    const reference = new DurableStreamTestServer({
      port: 0,
      longPollTimeout: longPollMs,
      compression: false,
    })
    const urls = { here: here.url, reference: await reference.start() }
    return new Pair(urls, async () => {
      await Promise.all([here.close(), reference.stop()])
    })
  }

  async end(): Promise<void> {
    for (const client of [...Object.values(this.#clients), ...Object.values(this.#besides)]) client.close()
    await this.#stop()
  }

  /** Sends an operation to both. @returns the exchange, and before it that of what was sent meanwhile */
  async run(operation: Operation): Promise<Exchange[]> {
    const channel = this.world.channels.get(operation.channel)
    const held = operation.meanwhile ? this.#send(operation, this.#besides, channel) : undefined
    const before = operation.meanwhile ? await this.run(operation.meanwhile) : []
    const { here, reference } = await (held ?? this.#send(operation, this.#clients, channel))
    const made = this.#madeBy(operation, here, reference)
    const meeting = made ?? channel
    const differences = compare(here, reference, (told) => meeting?.meet(told) ?? true)
    if (made) this.world.channels.set(made.name, made)
    return [...before, { operation, channel, world: this.world, here, reference, differences }]
  }

  async #send(
    operation: Operation,
    clients: Record<Side, Client>,
    channel: KnownChannel | undefined,
  ): Promise<{ here: Answer; reference: Answer }> {
    const kind = channel?.kind ?? 'binary'
    const [here, reference] = await Promise.all([
      ask(clients.here, this.#requestOf(operation, 'here'), kind),
      ask(clients.reference, this.#requestOf(operation, 'reference'), kind),
    ])
    return { here, reference }
  }

  #requestOf({ method, channel, query = [], headers = {}, body }: Operation, side: Side): Request {
    const parameters = query.map(
      ([name, value]) => [name, this.world.resolve(value)[side]] as [string, string],
    )
    const search = new URLSearchParams(parameters).toString()
    return {
      method,
      target: `${pathOf(channel)}${search && `?${search}`}`,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, this.world.resolve(value)[side]]),
      ),
      body: body === undefined ? undefined : Buffer.from(body, 'latin1'),
    }
  }

  #madeBy(operation: Operation, here: Answer, reference: Answer): KnownChannel | undefined {
    if (operation.method !== 'PUT' || here.status !== 201 || reference.status !== 201) return undefined
    const before = this.world.channels.get(operation.channel)
    const from = operation.headers?.['stream-forked-from']
    const source =
      typeof from === 'string' ? this.world.channels.get(from.slice(pathOf('').length)) : undefined
    const family = source?.family ?? before?.family ?? { names: new Set<string>(), isRetired: false }
    family.names.add(operation.channel)
    const made = new KnownChannel({
      name: operation.channel,
      contentType: here.headers['content-type'] ?? '',
      family,
      madeWith: operation.headers ?? {},
      stale: before?.told ?? [],
    })
    // What a fork inherits has the offsets that it has in its source.
    const written = operation.headers?.['stream-fork-offset']
    const point = written === undefined ? undefined : this.world.resolve(written).here
    made.told.push(...(source?.told ?? []).filter((told) => point === undefined || told.here <= point))
    return made
  }
}

/** Answers after which a read that never reaches the tail is given up, and so found to differ. */
const maxParts = 20

/** A read that does not reach the tail is gone on with, and an event stream is heard until nothing more is there. */
async function ask(client: Client, request: Request, kind: KnownChannel['kind']): Promise<Answer> {
  const isStream = request.target.includes('live=sse')
  let raw = await client.send(request, isStream ? hasCaughtUp : undefined)
  const isWhole = ({ status, headers }: RawAnswer) =>
    request.method !== 'GET' || isStream || status !== 200 || headers['stream-up-to-date'] === 'true'
  const bodies = [raw.body]
  while (!isWhole(raw) && bodies.length < maxParts) {
    const target = new URL(request.target, 'http://server')
    target.searchParams.set('offset', String(raw.headers['stream-next-offset']))
    raw = await client.send({ ...request, target: `${target.pathname}${target.search}` })
    bodies.push(raw.body)
  }
  return answerOf({ ...raw, body: joined(bodies, kind) }, kind, bodies.length)
}

function joined(bodies: readonly Buffer[], kind: KnownChannel['kind']): Buffer {
  if (bodies.length === 1 || kind !== 'json') return Buffer.concat(bodies)
  const inner = bodies.map((body) => body.toString().slice(1, -1)).filter((text) => text !== '')
  return Buffer.from(`[${inner.join(',')}]`)
}
