import { randomBytes } from 'node:crypto'
import {
  closeCode,
  type LabNotice,
  labChannelPrefix,
  labPath,
  Problem,
  type TraceEvent,
} from '@tidings/protocol'
import type { Channel } from '../log/index.js'
import { nowMs, type Watch } from '../observe/index.js'
import { textFrameString, type WebSocketConnection, type WebSocketListener } from '../transports/index.js'
import type { LabOptions } from './lab-options.js'
import { maxRequestBytes, readLabRequest } from './lab-request.js'
import { FaultyLine } from './line/faulty-line.js'
import { ReaderCrowd } from './readers/reader-crowd.js'
import { TraceBatches } from './trace-batches.js'
import { WorkloadPublisher } from './workload-publisher.js'

/** What a run's channel keeps: a page hears as it happens, and a hop needs a few seconds of it. */
const retainedMessages = 10_000

/** After a server that was killed, the channel of a run ends by itself, seconds. */
const channelSeconds = 3_600
/** A page asks for the time every few seconds, one in the background every minute: silence for so long is a dead page, milliseconds. */
const maxSilenceMs = 300_000

/** One page's run: its channel, what is published there, its line, and what is told of its lanes. */
export class Run implements WebSocketListener {
  /** No secret: whoever may list the channels finds it. What is traced goes to the page alone. */
  readonly id: string
  readonly line: FaultyLine
  readonly #options: LabOptions
  readonly #channel: Channel
  readonly #publisher: WorkloadPublisher
  readonly #readers: ReaderCrowd
  readonly #batches: TraceBatches
  readonly #watch: Watch
  #connection: WebSocketConnection | undefined
  #onEnd: () => void = () => {}
  #ended: Promise<void> | undefined
  #silence: NodeJS.Timeout | undefined

  /** Makes its channel. */
  static async open(options: LabOptions): Promise<Run> {
    const id = randomBytes(12).toString('hex')
    const { channel } = await options.station.log.create(labChannelPrefix + id, {
      contentType: 'application/json',
      // Nobody asks for it after its run: it need not see a disk.
      durability: 'memory',
      ttlSeconds: channelSeconds,
      retention: { count: retainedMessages },
      messages: [],
    })
    return new Run(id, channel, options)
  }

  private constructor(id: string, channel: Channel, options: LabOptions) {
    const { log } = options.station
    this.id = id
    this.#options = options
    this.#channel = channel
    channel.pin()
    this.line = new FaultyLine(options.address, (event) => this.#tell({ type: 'line', event }))
    this.#publisher = new WorkloadPublisher(log, channel)
    this.#readers = new ReaderCrowd(channel.name, options.address, (ways) =>
      this.#tell({ type: 'readers', ways }),
    )
    this.#batches = new TraceBatches((events, missed) => this.#tellTrace(events, missed))
    this.#watch = options.trace.watch(channel.name, (event) => this.#batches.add(event))
  }

  /** @param onEnd called once */
  begin(connection: WebSocketConnection, onEnd: () => void): void {
    const { settings } = this.#options.station
    this.#connection = connection
    this.#onEnd = onEnd
    this.#tell({
      type: 'run',
      channel: this.#channel.name,
      line: `${labPath.line}${this.id}/`,
      longPollMs: settings.longPollMs,
    })
    this.#listen()
    connection.hear(this)
  }

  #listen(): void {
    this.#silence ??= setTimeout(() => void this.end(), maxSilenceMs).unref()
    this.#silence.refresh()
  }

  tookMessage(data: Buffer, isBinary: boolean): void {
    // Nothing begins again while the rest of it ends.
    if (this.#ended !== undefined) return
    this.#listen()
    try {
      if (isBinary || data.byteLength > maxRequestBytes)
        throw new Problem('envelope-invalid', `A request is a text of at most ${maxRequestBytes} bytes.`)
      this.#do(data.toString())
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.#tell({ type: 'refused', code: error.code, detail: error.message })
    }
  }

  async settled(): Promise<void> {}

  gone(): void {
    void this.end()
  }

  /** @returns when nothing of it is left */
  end(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    clearTimeout(this.#silence)
    this.#publisher.stop()
    this.#batches.stop()
    this.#watch.stop()
    this.line.end()
    await this.#readers.stop()
    this.#connection?.close(closeCode.goingAway, 'run-ended')
    this.#channel.unpin()
    await this.#options.station.log.remove(this.#channel.name).catch(() => {
      // Somebody else has removed it.
    })
    this.#onEnd()
  }

  #do(text: string): void {
    const request = readLabRequest(text)
    switch (request.type) {
      case 'workload':
        this.#publisher.use(request.workload)
        this.#readers.use(request.workload.readers)
        break
      case 'faults':
        this.line.use(request.faults)
        break
      case 'cut':
        this.line.cut()
        break
      case 'offline':
        this.line.goOffline(request.forMs)
        break
      case 'close':
        this.#watch.cut(request.connection)
        break
      case 'clock':
        this.#tell({ type: 'clock', askedAtMs: request.askedAtMs, atMs: nowMs() })
        break
    }
  }

  #tellTrace(events: readonly TraceEvent[], missed: number): boolean {
    if (this.#connection?.isBackedUp) return false
    this.#tell({ type: 'trace', events, ...(missed > 0 && { missed }) })
    return true
  }

  /** What a page that does not read is not told is lost to it: none of it is what a run stands on. */
  #tell(notice: LabNotice): void {
    const connection = this.#connection
    if (!connection || connection.isGone || connection.isBackedUp) return
    connection.pushByteString(textFrameString(Buffer.from(JSON.stringify(notice)).toString('latin1')))
    connection.flush()
  }
}
