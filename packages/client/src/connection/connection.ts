import type { Way } from '@tidings/protocol'
import type { Carried, Carrier } from '../channel/subscription.js'
import {
  type Choice,
  type ChoiceEvent,
  type Command,
  initialChoice,
  transition,
} from '../choosing/machine.js'
import type { WayMemory } from '../choosing/way-memory.js'
import type { Links } from '../links/index.js'
import type { Envelope, Link, LinkOwner, WayReason } from '../links/link.js'
import { ProblemError } from '../problem-error.js'
import { type BackoffSettings, backoffMs, wishMs } from '../time/retry.js'
import type { ClientNetwork } from './client-network.js'
import type { Surrounding, Surroundings } from './surroundings.js'

export interface ConnectionObserver {
  way(way: Way, reason: WayReason): void
  state(state: Choice['state'], error?: ProblemError, retryInMs?: number): void
  /** A better way was tried and does not work. */
  failed(way: Way, error: ProblemError): void
  /** Envelopes that answer a publish. */
  answered(envelope: Envelope): void
  /** The link that takes publishes, or none. */
  speaks(link: Link | undefined): void
  /** For what chooses by it. */
  heard(messages: number): void
  surrounding(type: Surrounding): void
}

export interface ConnectionSettings {
  readonly links: Links
  readonly network: ClientNetwork
  readonly memory: WayMemory
  readonly surroundings: Surroundings
  readonly backoff: BackoffSettings
  /** Between attempts at a better way. */
  readonly climb: BackoffSettings
  readonly random: () => number
}

/** How long a connection stays after its last channel has left, milliseconds: another may come in the same moment. */
const lingerMs = 50

/**
 * Carries channels over one link at a time, the best that is known to work, and changes it as `choosing/machine.ts`
 * decides: that decides, this opens, closes and waits. Each channel's offset goes along.
 */
export class Connection implements Carrier, LinkOwner {
  readonly #settings: ConnectionSettings
  readonly #observer: ConnectionObserver
  readonly #hearings = new Map<string, Carried>()
  readonly #resting = new Set<Carried>()
  readonly #events: ChoiceEvent[] = []
  #choice: Choice
  #active: Link | undefined
  #candidate: Link | undefined
  #provedLink: Link | undefined
  #openedAtMs = 0
  #way: Way | undefined
  #reason: WayReason = 'first'
  #error: ProblemError | undefined
  #wasUp = false
  #wasOdd = false
  #cancelWait = () => {}
  #cancelTrial = () => {}
  #cancelLinger = () => {}
  #stopWatching: (() => void) | undefined

  constructor(ways: readonly Way[], settings: ConnectionSettings, observer: ConnectionObserver) {
    this.#settings = settings
    this.#observer = observer
    this.#choice = initialChoice(ways, settings.memory.avoided(settings.network.server))
  }

  get isEmpty(): boolean {
    return this.#hearings.size === 0
  }

  carries(channel: string): boolean {
    return this.#hearings.has(channel)
  }

  hear(subscription: Carried): void {
    if (this.#choice.state === 'over') {
      // Closed by the program: the iteration ends; for good by trouble: it says so.
      subscription.failed(this.#error)
      return
    }
    this.#hearings.set(subscription.channel, subscription)
    this.#resting.delete(subscription)
    this.#cancelLinger()
    this.#active?.hear(subscription)
    this.#send({ type: 'wanted' })
  }

  rest(subscription: Carried): void {
    this.#resting.add(subscription)
    this.#active?.leave(subscription)
  }

  leave(subscription: Carried): void {
    if (this.#hearings.get(subscription.channel) !== subscription) return
    this.#hearings.delete(subscription.channel)
    this.#resting.delete(subscription)
    this.#active?.leave(subscription)
    if (!this.isEmpty) return
    this.#cancelLinger()
    this.#cancelLinger = this.#settings.network.clock.after(lingerMs, () => this.#send({ type: 'unwanted' }))
  }

  /** The ways that may be used from now on, best first. */
  use(ways: readonly Way[]): void {
    this.#reason = 'asked'
    this.#send({ type: 'ways', ways })
  }

  close(): void {
    this.#send({ type: 'close' })
    for (const subscription of [...this.#hearings.values()]) subscription.end()
    this.#cancelLinger()
  }

  up(link: Link): void {
    if (link === this.#candidate) {
      this.#provedLink = link
      const { clock } = this.#settings.network
      this.#cancelTrial()
      // What is there may be on its way over the active link: to ask for it again would cost a round trip. As long
      // again as it took is waited for it.
      if (this.#choice.state !== 'connecting') this.#takeOver()
      else this.#cancelTrial = clock.after(clock.now() - this.#openedAtMs, () => this.#takeOver())
    } else if (link === this.#active) {
      this.#announce(link)
      this.#send({ type: 'up' })
      this.#takeOver()
    }
  }

  lasting(link: Link): void {
    if (link !== this.#active) return
    if (!this.#choice.hasLasted) this.#settings.memory.worked(this.#settings.network.server, link.way)
    this.#send({ type: 'lasting' })
  }

  down(link: Link, error: ProblemError): void {
    if (link === this.#candidate) {
      this.#do({ type: 'closeCandidate' })
      // While nothing works at all, it is not the way that is at fault.
      if (this.#active && this.#wasUp) this.#avoid(link.way)
      this.#observer.failed(link.way, error)
      this.#send({ type: 'failed' })
    } else if (link === this.#active) this.#lost(error)
  }

  received(link: Link, envelope: Envelope, length: number): void {
    if (link !== this.#active) return
    const { id, channel = '', messages } = envelope
    if (messages) this.#observer.heard(messages.length)
    if (id !== undefined) this.#observer.answered(envelope)
    else this.#hearings.get(channel)?.received(envelope, length)
  }

  fares(link: Link, state: Choice['state'], error?: ProblemError, retryInMs?: number): void {
    if (link === this.#active) this.#observer.state(state, error, retryInMs)
  }

  /** Before the first link has worked, nothing is known to be there: what looks permanent is. */
  #lost(error: ProblemError): void {
    const why = this.#wasUp ? error : this.#settings.network.why(error)
    this.#do({ type: 'closeActive' })
    this.#error = why
    this.#reason = 'lost'
    const { isTransient, code, facts } = why
    // One that can not be read may have been cut on its way; two in a row were not.
    const isOdd = code.startsWith('answer-')
    const permanent = !isTransient && !(isOdd && (this.#wasUp || !this.#wasOdd))
    this.#wasOdd = isOdd
    this.#send({ type: 'down', permanent, retryAfterMs: wishMs(facts) })
    this.#takeOver()
  }

  #takeOver(): void {
    if (this.#candidate && this.#candidate === this.#provedLink) this.#send({ type: 'proved' })
  }

  #avoid(way: Way): void {
    this.#settings.memory.failed(this.#settings.network.server, way)
  }

  /** One at a time: a command may bring about the next event. */
  #send(event: ChoiceEvent): void {
    if (this.#events.push(event) > 1) return
    for (let next = this.#events[0]; next; next = this.#events[0]) {
      const before = this.#choice
      const { choice, commands } = transition(before, next)
      this.#choice = choice
      for (const way of choice.avoid) {
        if (!before.avoid.includes(way)) this.#avoid(way)
      }
      for (const command of commands) this.#do(command)
      if (choice.state !== before.state && choice.state !== 'waiting')
        this.#observer.state(choice.state, this.#error)
      this.#watch()
      this.#events.shift()
    }
  }

  #do(command: Command): void {
    const { links, network } = this.#settings
    switch (command.type) {
      case 'open':
        this.#openedAtMs = network.clock.now()
        this.#activate(links.opened[command.way](this, network))
        break
      case 'try':
        this.#try(command.way)
        break
      case 'promote':
        this.#promote()
        break
      case 'closeActive':
        this.#active?.close()
        this.#active = undefined
        this.#observer.speaks(undefined)
        break
      case 'closeCandidate':
        this.#cancelTrial()
        this.#candidate?.close()
        this.#candidate = undefined
        break
      case 'wait':
        this.#wait(command)
        break
      case 'cancelWait':
        this.#cancelWait()
        break
      case 'probe':
        this.#active?.probe()
        break
      case 'fail':
        for (const subscription of [...this.#hearings.values()]) subscription.failed(this.#error)
    }
  }

  #activate(link: Link): void {
    this.#active = link
    for (const subscription of this.#hearings.values()) {
      if (!this.#resting.has(subscription)) link.hear(subscription)
    }
  }

  #try(way: Way): void {
    const { links, network } = this.#settings
    const link = links.proved[way](this, network)
    this.#candidate = link
    if (way !== 'websocket') for (const subscription of this.#hearings.values()) link.hear(subscription)
    this.#cancelTrial = network.clock.after(network.answerMs, () => {
      this.down(
        link,
        new ProblemError('way-silent', `No sign of life over ${way} in ${network.answerMs} ms.`),
      )
    })
  }

  /** A WebSocket that was proved carries; of the others another link is opened, from where the channels are now. */
  #promote(): void {
    const { links, network } = this.#settings
    const link = this.#candidate as Link
    this.#candidate = undefined
    this.#cancelTrial()
    this.#do({ type: 'closeActive' })
    this.#reason = 'proved'
    if (!link.send) link.close()
    this.#activate(link.send ? link : links.opened[link.way](this, network))
    this.#announce(link)
  }

  #announce(link: Link): void {
    const { way } = link
    this.#wasUp = true
    this.#error = undefined
    if (link.send) this.#observer.speaks(link)
    const reason = link.reason ?? this.#reason
    if (way !== this.#way) this.#observer.way(way, this.#way ? reason : 'first')
    this.#way = way
  }

  #wait(command: Extract<Command, { type: 'wait' }>): void {
    const { network, backoff, climb, random } = this.#settings
    const isRetry = command.for === 'retry'
    // Who lost a server comes back at any time; who climbs in vain does so more and more seldom.
    const jitteredMs = isRetry
      ? backoffMs(backoff, command.attempt, random())
      : backoffMs(climb, command.attempt, (1 + random()) / 2)
    const waitMs = Math.max(jitteredMs, command.retryAfterMs ?? 0)
    this.#cancelWait()
    this.#cancelWait = network.clock.after(waitMs, () => this.#send({ type: 'timer' }))
    if (isRetry) this.#observer.state('waiting', this.#error, waitMs)
  }

  /** The surroundings matter while something is wanted. */
  #watch(): void {
    const isWatching = !['idle', 'over'].includes(this.#choice.state)
    if (!isWatching) {
      this.#stopWatching?.()
      this.#stopWatching = undefined
    } else if (!this.#stopWatching) {
      this.#stopWatching = this.#settings.surroundings.watch((type) => {
        this.#observer.surrounding(type)
        if (type !== 'hidden') this.#send({ type })
      })
    }
  }
}
