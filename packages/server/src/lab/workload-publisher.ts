import type { Workload, WorkloadMessage } from '@tidings/protocol'
import type { Channel, Log } from '../log/index.js'
import { nowMs } from '../observe/index.js'

/** However late the event loop is, so many messages are caught up with at once; the rest is let go. */
const maxAtOnce = 200
/** The longest wait between two looks at what is due, milliseconds: a timer takes no more than 2^31. */
const maxWaitMs = 60_000

/**
 * Publishes into a run's channel at the workload's rate, in the process of the server: what it costs is not among what
 * the ways cost.
 */
export class WorkloadPublisher {
  readonly #log: Log
  readonly #channel: Channel
  #workload: Workload | undefined
  #timer: NodeJS.Timeout | undefined
  #published = 0
  /** When the next burst is due, by a clock that nobody sets, milliseconds. */
  #dueMs = 0

  constructor(log: Log, channel: Channel) {
    this.#log = log
    this.#channel = channel
  }

  /** The numbers go on; a new rate counts from now. */
  use(workload: Workload): void {
    const before = this.#workload
    this.#workload = workload
    if (before?.messagesPerSecond === workload.messagesPerSecond && before.burst === workload.burst) return
    clearTimeout(this.#timer)
    if (workload.messagesPerSecond === 0) return
    this.#dueMs = performance.now()
    this.#go()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#workload = undefined
  }

  #go(): void {
    const workload = this.#workload
    if (!workload) return
    const periodMs = (workload.burst / workload.messagesPerSecond) * 1000
    let atOnce = 0
    while (this.#dueMs <= performance.now()) {
      if (atOnce < maxAtOnce) this.#publish(workload)
      atOnce += workload.burst
      this.#dueMs += periodMs
    }
    const waitMs = Math.min(maxWaitMs, Math.max(0, this.#dueMs - performance.now()))
    this.#timer = setTimeout(() => this.#go(), waitMs)
  }

  /** One append for each message: the log gathers what comes in one turn, as it does for everybody. */
  #publish({ burst, messageBytes }: Workload): void {
    for (let count = 0; count < burst; count++) {
      const message = Buffer.from(JSON.stringify(messageOf(++this.#published, messageBytes)))
      // Nobody waits for it: a storage that fails is reported by the log, and shows as silence.
      this.#log.appendThen(this.#channel, { messages: [message] }, () => {})
    }
  }
}

const words = 'news as it happens '

/** A message whose JSON is so long, as far as its number and its time leave room. */
function messageOf(n: number, messageBytes: number): WorkloadMessage {
  const message = { n, atMs: Math.round(nowMs() * 1000) / 1000, text: '' }
  const room = messageBytes - JSON.stringify(message).length
  return {
    ...message,
    text: words.repeat(Math.ceil(Math.max(0, room) / words.length)).slice(0, Math.max(0, room)),
  }
}
