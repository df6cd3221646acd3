import { randomBytes } from 'node:crypto'
import { closeCode, type LabNotice, labPath, Problem, type TraceEvent } from '@tidings/protocol'
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

/** One page's run: its channel, what is published there, its line, and what is told of its lanes. */
export class Run implements WebSocketListener {
  /** Known to its page alone. */
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

  /** Makes its channel. */
  static async open(options: LabOptions): Promise<Run> {
    const id = randomBytes(12).toString('hex')
    const { channel } = await options.station.log.create(`lab/${id}`, {
      contentType: 'application/json',
      // Nobody asks for it after its run: it need not see a disk.
      durability: 'memory',
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
    this.#batches = new TraceBatches((events) => this.#tellTrace(events))
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
    connection.hear(this)
  }

  tookMessage(data: Buffer, isBinary: boolean): void {
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
    this.#publisher.stop()
    this.#batches.stop()
    this.#watch.stop()
    this.line.cut()
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

  #tellTrace(events: readonly TraceEvent[]): boolean {
    if (this.#connection?.isBackedUp) return false
    this.#tell({ type: 'trace', events })
    return true
  }

  #tell(notice: LabNotice): void {
    const connection = this.#connection
    if (!connection || connection.isGone) return
    connection.pushByteString(textFrameString(Buffer.from(JSON.stringify(notice)).toString('latin1')))
    connection.flush()
  }
}
