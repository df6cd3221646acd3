import type { ProblemError } from '@tidings/client'
import type { Start } from '@tidings/client/ways'
import { ClientNetwork, type NetworkOptions } from '../../../packages/client/src/connection/client-network.js'
import { Credentials } from '../../../packages/client/src/connection/credentials.js'
import type { Envelope, Hearing, Link, LinkOwner } from '../../../packages/client/src/links/link.js'
import { systemClock } from '../../../packages/client/src/time/clock.js'

export function networkTo(server: string, options: NetworkOptions = {}): ClientNetwork {
  return new ClientNetwork(server, systemClock, options, new Credentials({}, systemClock))
}

interface Heard extends Hearing {
  start: Start
  readonly messages: unknown[]
  end: Envelope | undefined
}

/** Owns a link: notes what it is told, and moves each hearing's start. */
export class Listener implements LinkOwner {
  readonly isUp: Promise<void>
  readonly hasLasted: Promise<void>
  readonly isDown: Promise<ProblemError>
  readonly #hearings = new Map<string, Heard>()
  readonly #looks = new Set<() => void>()
  #up = () => {}
  #lasted = () => {}
  #down: (error: ProblemError) => void = () => {}

  constructor() {
    this.isUp = new Promise((resolve) => {
      this.#up = resolve
    })
    this.hasLasted = new Promise((resolve) => {
      this.#lasted = resolve
    })
    this.isDown = new Promise((resolve) => {
      this.#down = resolve
    })
  }

  hearing(channel: string, start: Start): Hearing {
    const hearing = { channel, start, withOffsets: false, messages: [], end: undefined }
    this.#hearings.set(channel, hearing)
    return hearing
  }

  heard(channel: string): readonly unknown[] {
    return this.#of(channel).messages
  }

  /** Resolves when `count` messages of the channel were heard. */
  async messages(channel: string, count: number): Promise<readonly unknown[]> {
    await this.#until(() => this.heard(channel).length >= count)
    return this.heard(channel)
  }

  /** How the channel ended. */
  async end(channel: string): Promise<Envelope> {
    await this.#until(() => this.#of(channel).end !== undefined)
    return this.#of(channel).end as Envelope
  }

  up(): void {
    this.#up()
  }

  lasting(): void {
    this.#lasted()
  }

  down(_link: Link, error: ProblemError): void {
    this.#down(error)
  }

  received(link: Link, envelope: Envelope): void {
    const hearing = this.#of(envelope.channel ?? '')
    if (envelope.type === 'data') {
      hearing.messages.push(...(envelope.messages ?? []))
      hearing.start = envelope.nextOffset ?? hearing.start
    } else {
      hearing.end = envelope
      link.leave(hearing)
    }
    for (const look of this.#looks) look()
  }

  #of(channel: string): Heard {
    const hearing = this.#hearings.get(channel)
    if (!hearing) throw new Error(`${channel} is not heard here`)
    return hearing
  }

  #until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isTrue()) return
        this.#looks.delete(look)
        resolve()
      }
      this.#looks.add(look)
      look()
    })
  }
}
