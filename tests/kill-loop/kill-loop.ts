import { setTimeout as pause } from 'node:timers/promises'
import { type ChannelAddress, closeChannel } from '@tidings/client/ways'
import { type Way, ways } from '@tidings/protocol'
import { createChannelSurely } from '../support/channel.js'
import type { Fault } from '../support/history-checker.js'
import { HistoryRecorder } from '../support/history-recorder.js'
import { pick, randomOf } from '../support/random.js'
import { lastingPort, SpawnedServer, type SpawnOptions } from '../support/spawned-server.js'
import { LoadPublisher } from './load-publisher.js'
import { LoadReader } from './load-reader.js'

const channelNames = ['cake', 'tea', 'orders/today', 'weather']
const publisherCount = 16
/** How long after a round's first acknowledgements the server lives at most, milliseconds. */
const longestLifeMs = 400
/** One start in so many is killed before it listens: the recovery is interrupted too. */
const oneEarlyKillIn = 8
/** Starts that may fail in a row, should the system be slow to give the port free. */
const startAttempts = 5

export interface KillLoopOptions {
  readonly rounds: number
  readonly seed: number
  readonly folder: string
  readonly engine: 'disk' | 'memory'
  readonly durability?: 'fsync' | 'os'
  /** How the server is ended: killed, or told to stop. */
  readonly signal?: 'SIGKILL' | 'SIGTERM'
}

export interface KillLoopReport {
  readonly faults: readonly Fault[]
  /** What a client was told that it should not have been. */
  readonly troubles: readonly string[]
  readonly acknowledged: number
  readonly unknown: number
  readonly seen: number
  readonly kills: number
}

/**
 * The built server under load from 16 publishers and 16 readers, four of each way, killed at random moments
 * and started again on the same port and folder. When the rounds are over, the publishers stop, the channels
 * are closed, all readers read to the end, and so do new ones that begin at the beginning.
 */
export async function runKillLoop(options: KillLoopOptions): Promise<KillLoopReport> {
  const random = randomOf(options.seed)
  const port = await lastingPort(random)
  const loop = new KillLoop({ ...options, port, random })
  await loop.begin()
  for (let round = 0; round < options.rounds; round++) await loop.round()
  return await loop.finish()
}

interface LoadedChannel {
  readonly address: ChannelAddress
  readonly history: HistoryRecorder
}

class KillLoop {
  readonly #spawn: SpawnOptions
  readonly #signal: 'SIGKILL' | 'SIGTERM'
  readonly #random: () => number
  readonly #channels: LoadedChannel[]
  readonly #publishers: LoadPublisher[]
  readonly #readers: LoadReader[] = []
  readonly #troubles: string[] = []
  #server: SpawnedServer | undefined
  #acknowledged = 0
  #onAcknowledged = () => {}
  #kills = 0

  constructor(options: KillLoopOptions & { port: number; random: () => number }) {
    const { folder, engine, durability = 'fsync', port, random } = options
    this.#spawn = { data: folder, engine, durability, port }
    this.#signal = options.signal ?? 'SIGKILL'
    this.#random = random
    const server = `http://127.0.0.1:${port}`
    this.#channels = channelNames.map((channel) => ({
      address: { server, channel },
      history: new HistoryRecorder(),
    }))
    this.#publishers = Array.from({ length: publisherCount }, (_, index) => {
      const way = index % 2 === 0 ? 'post' : 'socket'
      return new LoadPublisher({
        ...this.#channel(index >> 1),
        name: `publisher ${index} (${way})`,
        way,
        random,
        onAcknowledged: () => {
          this.#acknowledged++
          this.#onAcknowledged()
        },
        onTrouble: this.#trouble,
      })
    })
  }

  /** Each channel is heard in all four ways. */
  async begin(): Promise<void> {
    await this.#start()
    await this.#createChannels()
    for (const publisher of this.#publishers) publisher.start()
    this.#openReaders('reader')
  }

  /** Lets the server work for a while, kills it, and starts it again. */
  async round(): Promise<void> {
    await this.#acknowledgements(publisherCount)
    await pause(this.#random() * longestLifeMs)
    await this.#kill()
    if (this.#random() < 0.3) pick(this.#random, this.#publishers).crash()
    if (this.#random() < 0.5) pick(this.#random, this.#readers).reopen()
    while (this.#random() < 1 / oneEarlyKillIn) await this.#killWhileStarting()
    await this.#start()
    await this.#createChannels()
  }

  async finish(): Promise<KillLoopReport> {
    try {
      await Promise.all(this.#publishers.map((publisher) => publisher.stop()))
      await Promise.all(this.#channels.map(({ address }) => closeChannel(address)))
      this.#openReaders('late reader')
      await Promise.all(this.#readers.map((reader) => reader.done))
    } finally {
      await this.#server?.end()
    }
    const attempts = this.#channels.flatMap(({ history }) =>
      history.publishers.flatMap((each) => each.attempts),
    )
    return {
      faults: this.#channels.flatMap(({ history }) => history.findFaults()),
      troubles: this.#troubles,
      acknowledged: this.#acknowledged,
      unknown: attempts.filter(({ fate }) => fate === 'unknown').length,
      seen: Math.max(
        ...this.#channels.flatMap(({ history }) => history.passes.map((pass) => pass.sightings.length)),
      ),
      kills: this.#kills,
    }
  }

  readonly #trouble = (trouble: string): void => {
    this.#troubles.push(trouble)
  }

  #channel(index: number) {
    return this.#channels[index % this.#channels.length] as LoadedChannel
  }

  #openReaders(name: string): void {
    for (const { address, history } of this.#channels) {
      for (const way of ways) this.#openReader(name, way, address, history)
    }
  }

  #openReader(name: string, way: Way, address: ChannelAddress, history: HistoryRecorder): void {
    const pass = history.pass(`${name} of ${address.channel} (${way})`, '-1')
    this.#readers.push(new LoadReader({ way, address, pass, onTrouble: this.#trouble }))
  }

  async #start(): Promise<void> {
    this.#server = await SpawnedServer.start(this.#spawn, startAttempts)
  }

  async #kill(): Promise<void> {
    this.#kills++
    await this.#server?.end(this.#signal)
  }

  async #killWhileStarting(): Promise<void> {
    this.#server = new SpawnedServer(this.#spawn)
    await pause(this.#random() * 300)
    await this.#kill()
  }

  /** After the first time they are all there: one that is made anew has lost its messages. */
  async #createChannels(): Promise<void> {
    for (const { address } of this.#channels) {
      const { created } = await createChannelSurely(address)
      if (created && this.#kills > 0) this.#trouble(`${address.channel} was gone`)
    }
  }

  /** Resolves when `count` more messages were acknowledged. */
  #acknowledgements(count: number): Promise<void> {
    const enough = this.#acknowledged + count
    return new Promise((resolve) => {
      this.#onAcknowledged = () => {
        if (this.#acknowledged >= enough) resolve()
      }
    })
  }
}
