import {
  checkChannelName,
  earliestOffsetHeader,
  encodeChannelName,
  header,
  type LiveMode,
  labPath,
  Problem,
  path,
} from '@tidings/protocol'
import type { AdminAccess } from '../access/index.js'
import { type Append, type AppendOutcome, type Channel, totalBytes } from '../log/index.js'
import type { Costs } from '../observe/index.js'
import {
  answerPageBefore,
  codableBody,
  EnvelopeSession,
  longPoll,
  type Station,
  shortPoll,
  sse,
  type Transport,
  websocket,
} from '../transports/index.js'
import { allMethods } from './answer-headers.js'
import { backupFolderOf } from './backup-request.js'
import { homePage } from './home-page.js'
import type { HttpExchange } from './http-exchange.js'
import { type HttpRequest, headerText } from './http-request.js'
import { keepingHeaders } from './keeping-headers.js'
import { methodNotAllowed } from './method-not-allowed.js'
import type { Mount } from './mount.js'
import { askedReadingOf, liveMode, offeredSubprotocols, type PageBefore, pageBefore } from './read-request.js'
import { answerStreams } from './streams-route.js'
import { routeUnknown } from './target.js'
import type { Visit } from './visit.js'
import { appendOf, channelSpecOf, firstContentTypeOf, refuseCodings } from './write-request.js'

const transports: Record<LiveMode | 'none', Transport> = {
  none: shortPoll,
  'long-poll': longPoll,
  sse,
  websocket,
}

/** What each route and method does. Trouble is thrown. */
export class Router {
  readonly #station: Station
  readonly #costs: Costs
  readonly #admin: AdminAccess
  readonly #mounts: readonly Mount[]

  constructor(
    station: Station,
    beside: {
      readonly costs: Costs
      readonly admin: AdminAccess
      readonly mounts: readonly Mount[]
    },
  ) {
    this.#station = station
    this.#costs = beside.costs
    this.#admin = beside.admin
    this.#mounts = beside.mounts
  }

  /** @returns when it is answered, unless the answer is on its way already: to an append, which are many */
  answer(visit: Visit): Promise<void> | undefined {
    const { target, request } = visit
    if (target.kind !== 'channel') return this.#answerOther(visit)
    if (request.method === 'POST') return this.#append(visit, target.name)
    return this.#answerChannel(visit, target.name, target.query)
  }

  async #answerOther(visit: Visit): Promise<void> {
    const { target, request } = visit
    if (target.kind === 'socket') return this.#openSocket(visit)
    if (target.kind === 'backup') return this.#backup(visit)
    if (target.kind === 'other') return this.#mountOf(target.pathname).answer(visit, target.pathname)
    if (target.kind === 'streams') {
      if (request.method !== 'GET') throw methodNotAllowed('GET, OPTIONS')
      return answerStreams(this.#station, visit, target.query)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed('GET, HEAD, OPTIONS')
    if (target.kind === 'stats') this.#respondJson(visit, { ways: this.#costs.snapshot(), ...this.#counts() })
    else if (target.kind === 'channels') this.#listChannels(visit, target.query)
    else this.#respondHome(visit)
  }

  async #answerChannel(visit: Visit, name: string, query: URLSearchParams): Promise<void> {
    switch (visit.request.method) {
      case 'GET':
        await this.#read(visit, name, query)
        break
      case 'HEAD':
        this.#describe(visit, name)
        break
      case 'PUT':
        await this.#create(visit, name)
        break
      case 'DELETE':
        await this.#station.log.remove(name)
        visit.exchange.respond({ status: 204, headers: { 'cache-control': 'no-store' }, payloadBytes: 0 })
        break
      default:
        throw methodNotAllowed(allMethods)
    }
  }

  async #read({ request, exchange, isUpgrade }: Visit, name: string, query: URLSearchParams): Promise<void> {
    const live = liveMode(query)
    if (live === 'websocket' && !isUpgrade) throw upgradeRequired(request)
    if (isUpgrade && live !== 'websocket') {
      throw new Problem('live-unknown', 'To open a WebSocket here, ask for live=websocket.')
    }
    const page = pageBefore(query, live)
    if (page) return this.#answerPage(exchange, name, page)
    const { log, settings } = this.#station
    // Before the channel is looked for: what is refused makes none.
    const { start, ...asked } = askedReadingOf(request, query, live, settings)
    await whilePinned(log.findToHear(name, start), async (channel) => {
      const position = await log.resolve(channel, start)
      await transports[live ?? 'none'].open(this.#station, exchange, { ...asked, channel, position })
    })
  }

  async #answerPage(exchange: HttpExchange, name: string, { before, last }: PageBefore): Promise<void> {
    const { log } = this.#station
    await whilePinned(log.find(name), async (channel) => {
      const position = await log.resolve(channel, before)
      const isRelative = before.at !== 'offset'
      await answerPageBefore(this.#station, exchange, { channel, position, last, isRelative })
    })
  }

  /** @see Durable Streams §5.5 */
  #describe({ exchange }: Visit, name: string): void {
    const channel = this.#station.log.peek(name)
    const { contentType, ttlSeconds, expiresAt } = channel.record
    exchange.respond({
      status: 200,
      headers: {
        'content-type': contentType,
        [header.nextOffset]: channel.nextOffset,
        ...(ttlSeconds !== undefined && { [header.ttl]: String(ttlSeconds) }),
        ...(expiresAt !== undefined && { [header.expiresAt]: expiresAt }),
        ...keepingHeaders(channel, this.#station.log.engine.durability),
        [earliestOffsetHeader]: channel.earliestOffset,
        ...(channel.keptClosed && { [header.closed]: 'true' }),
        'cache-control': 'no-store',
      },
      // No body, but the `Vary` of a GET's.
      codable: codableBody(channel, { start: channel.keptEarliest, end: channel.keptTail }),
      payloadBytes: 0,
    })
  }

  async #create(visit: Visit, name: string): Promise<void> {
    const { request, exchange } = visit
    const { log, settings } = this.#station
    refuseCodings(request)
    const body = await exchange.readBody(settings.maxBodyBytes)
    const spec = channelSpecOf(request, body, { log, name, limits: settings })
    const { channel, isNew } = await log.create(name, spec)
    exchange.respond({
      status: isNew ? 201 : 200,
      headers: {
        'content-type': channel.record.contentType,
        [header.nextOffset]: channel.nextOffset,
        ...keepingHeaders(channel, log.engine.durability),
        ...(channel.keptClosed && { [header.closed]: 'true' }),
        ...(isNew && { location: locationOf(visit, name) }),
        'cache-control': 'no-store',
      },
      payloadBytes: isNew ? totalBytes(spec.messages) : 0,
    })
  }

  #append(visit: Visit, name: string): Promise<void> | undefined {
    const { request, exchange } = visit
    const { maxBodyBytes } = this.#station.settings
    refuseCodings(request)
    const body = exchange.takeBody(maxBodyBytes)
    if (!body) return this.#appendLater(visit, name)
    this.#appendBody(visit, name, body)
    return undefined
  }

  async #appendLater(visit: Visit, name: string): Promise<void> {
    const body = await visit.exchange.readBody(this.#station.settings.maxBodyBytes)
    await new Promise<void>((resolve) => this.#appendBody(visit, name, body, resolve))
  }

  /** @param done called when the body is not in use any more */
  #appendBody({ request, exchange }: Visit, name: string, body: Buffer, done?: () => void): void {
    const { log, settings } = this.#station
    const channel = log.findToAppend(name, firstContentTypeOf(request, body))
    const append = appendOf(request, body, channel, settings)
    log.appendThen(channel, append, (result) => {
      if (result instanceof Error) exchange.fail(result)
      else this.#answerAppend(exchange, append, result)
      exchange.letGoOfBody()
      done?.()
    })
    exchange.placed()
  }

  #answerAppend(exchange: HttpExchange, append: Append, outcome: AppendOutcome): void {
    const { nextOffset, isDuplicate, isClosed, lastSeq } = outcome
    const { producer, messages } = append
    const hasAppended = producer && !isDuplicate && messages.length > 0
    exchange.respond({
      // Closing without a message appends nothing: 204, as the protocol's close has it.
      status: hasAppended ? 200 : 204,
      headers: {
        [header.nextOffset]: nextOffset,
        ...(isClosed && { [header.closed]: 'true' }),
        ...(producer && { [header.producerEpoch]: String(producer.epoch) }),
        ...(lastSeq !== undefined && { [header.producerSequence]: String(lastSeq) }),
        'cache-control': 'no-store',
      },
      payloadBytes: isDuplicate ? 0 : totalBytes(messages),
    })
  }

  async #openSocket({ request, exchange, isUpgrade }: Visit): Promise<void> {
    if (request.method !== 'GET') throw methodNotAllowed('GET, OPTIONS')
    if (!isUpgrade) throw upgradeRequired(request)
    const [subprotocol] = offeredSubprotocols(request)
    if (!subprotocol) {
      throw new Problem('upgrade-required', 'This socket speaks tidings.v1: offer it as a subprotocol.')
    }
    const connection = await exchange.upgrade({ subprotocol })
    new EnvelopeSession(this.#station, connection, exchange).begin()
  }

  async #backup({ request, exchange }: Visit): Promise<void> {
    if (request.method !== 'POST') throw methodNotAllowed('POST, OPTIONS')
    this.#admin.check({
      peer: exchange.peerAddress,
      authorization: headerText(request, 'authorization'),
      origin: headerText(request, 'origin'),
    })
    const body = await exchange.readBody(this.#station.settings.maxBodyBytes)
    const folder = backupFolderOf(body)
    await this.#station.log.backup(folder)
    exchange.respond({ status: 204, headers: { 'cache-control': 'no-store' }, payloadBytes: 0 })
  }

  /** @throws Problem `route-unknown` */
  #mountOf(pathname: string): Mount {
    const mount = this.#mounts.find(({ prefix }) => `${pathname}/`.startsWith(prefix))
    if (!mount) throw routeUnknown()
    return mount
  }

  #counts() {
    const { hub, holds, streams } = this.#station
    return { listeners: hub.listenerCount, heldPolls: holds.size, openStreams: streams.size }
  }

  #listChannels(visit: Visit, query: URLSearchParams): void {
    const { log, settings } = this.#station
    const limit = limitOf(query)
    const after = query.get('after') ?? undefined
    if (after !== undefined) checkChannelName(after, settings.maxNameBytes)
    const { channels, next } = log.list(after, limit)
    this.#respondJson(visit, {
      channels: channels.map((channel) => ({
        name: channel.name,
        contentType: channel.record.contentType,
        nextOffset: channel.nextOffset,
        closed: channel.keptClosed,
      })),
      next: next ?? null,
    })
  }

  #respondJson({ exchange }: Visit, value: unknown): void {
    exchange.respond({
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: Buffer.from(`${JSON.stringify(value)}\n`),
      payloadBytes: 0,
    })
  }

  #respondHome({ exchange }: Visit): void {
    exchange.respond({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
      body: homePage({ hasLab: this.#mounts.some(({ prefix }) => prefix === labPath.page) }),
      payloadBytes: 0,
    })
  }
}

/** Until it is heard at its tail, the channel must not leave memory; and it does not end for want of use. */
async function whilePinned(channel: Channel, use: (channel: Channel) => Promise<void>): Promise<void> {
  channel.pin()
  try {
    await use(channel)
  } finally {
    channel.unpin()
  }
}

/** @throws Problem `query-invalid` */
function limitOf(query: URLSearchParams): number {
  const text = query.get('limit') ?? '100'
  const limit = Number(text)
  if (/^\d{1,4}$/.test(text) && limit >= 1 && limit <= 1_000) return limit
  throw new Problem('query-invalid', '"limit" is a whole number from 1 to 1,000.')
}

function locationOf({ host, isSecure }: Visit, name: string): string {
  const where = `${path.stream}${encodeChannelName(name)}`
  return host === undefined ? where : `${isSecure ? 'https' : 'http'}://${host}${where}`
}

/** @see RFC 9113 §8.6: HTTP/2 has no Upgrade */
function upgradeRequired({ httpVersion }: HttpRequest): Problem {
  if (httpVersion === '1.1') {
    return new Problem(
      'upgrade-required',
      'A WebSocket begins with a GET that has Upgrade: websocket and Connection: Upgrade. If the client sent them, ' +
        'a proxy on the way has dropped them: it must pass both on (docs/proxies.md).',
    )
  }
  return new Problem(
    'upgrade-required',
    `A WebSocket begins with a GET of HTTP/1.1; this one came by HTTP/${httpVersion}. Open it on a connection of ` +
      'HTTP/1.1. If the client did, a proxy on the way speaks another version to this server: it must speak 1.1 ' +
      'and pass Upgrade and Connection on (docs/proxies.md).',
  )
}
