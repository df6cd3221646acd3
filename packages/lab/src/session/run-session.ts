import {
  beginning,
  type LabNotice,
  type LineEvent,
  type LineFaults,
  type ReaderCounts,
  type Way,
  type Workload,
  ways,
} from '@tidings/protocol'
import { FigureBook, type LaneFigures } from '../figures/index.js'
import { Hopper, NaiveSocket } from '../hop/index.js'
import { type Browser, openLane as browserLanes, type OpenLane } from '../lanes/index.js'
import { RunRecord } from '../record/index.js'
import type { ClockEstimate, Lane } from '../record/types.js'
import { Feed } from './feed.js'
import { FrameNotices } from './frame-notices.js'
import { connectionsToClose } from './lane-connections.js'
import { LaneGroup } from './lane-group.js'
import { ServerClock } from './server-clock.js'
import type { HopperState, LaneSettings, NaiveState, RunSession, RunState } from './types.js'

const maxLineEvents = 100
/** How the hopper hears before its first hop. */
const firstWay: Way = 'sse'

export interface RunSessionOptions {
  readonly browser: Browser
  /** As a browser's: calls back before the next paint. */
  readonly requestFrame: (callback: () => void) => void
  readonly settings: LaneSettings
  readonly workload: Workload
  readonly faults: LineFaults
  /** Default: the plain browser API. */
  readonly openLane?: Readonly<Record<Way, OpenLane>>
}

/** Begins a run: connects to the server, and starts everything that belongs to it once the server has said where. */
export function startRunSession(options: RunSessionOptions): RunSession {
  return new Session(options)
}

/**
 *     connecting → running   the server has named the channel
 *     connecting → refused   the feed closed before that
 *     running    → ended     the feed closed, or fell silent
 *     any        → ended     the page ended it
 *
 * Nothing leads back: a run that is over is not tried again, the page shows why and offers another.
 */
class Session implements RunSession {
  readonly #browser: Browser
  readonly #frames: FrameNotices
  readonly #feed: Feed
  readonly #clock: ServerClock
  readonly #record = new RunRecord()
  readonly #figures = new FigureBook()
  readonly #lanes: LaneGroup
  readonly #lineEvents: LineEvent[] = []
  #state: RunState = 'connecting'
  #isEndedByPage = false
  #reason: string | undefined
  #workload: Workload
  #faults: LineFaults
  #readers: Readonly<Record<Way, ReaderCounts>> | undefined
  /** What the server said of the run, until the clocks are compared and the lanes can begin. */
  #run: (LabNotice & { type: 'run' }) | undefined
  #hopper: Hopper | undefined
  #naive: NaiveSocket | undefined

  constructor(options: RunSessionOptions) {
    const { browser, requestFrame, settings, openLane = browserLanes } = options
    this.#browser = browser
    this.#workload = options.workload
    this.#faults = options.faults
    this.#frames = new FrameNotices(requestFrame)
    this.#lanes = new LaneGroup({
      browser,
      openLane,
      settings,
      record: this.#record,
      figures: this.#figures,
      clockOffsetMs: () => this.#clock.estimate?.offsetMs ?? 0,
      onChange: this.#frames.changed,
    })
    this.#feed = new Feed(browser, {
      opened: () => this.#clock.start(),
      heard: (notice) => {
        this.#clock.heard()
        this.#heard(notice)
      },
      misheard: (reason) => this.#refused(reason),
      closed: (reason) => this.#over(reason),
    })
    this.#clock = new ServerClock({
      ask: (askedAtMs) => this.#feed.send({ type: 'clock', askedAtMs }),
      now: browser.now,
      onSilence: (silentMs) => this.#feed.end(`The server has said nothing for ${silentMs / 1000} seconds.`),
    })
  }

  get state(): RunState {
    return this.#state
  }

  get reason(): string | undefined {
    return this.#reason
  }

  get clock(): ClockEstimate | undefined {
    return this.#clock.estimate
  }

  get hopper(): HopperState {
    return this.#hopper?.state ?? idleHopper
  }

  get naive(): NaiveState {
    return this.#naive?.state ?? idleNaive
  }

  get lineEvents(): readonly LineEvent[] {
    return this.#lineEvents
  }

  get readers(): Readonly<Record<Way, ReaderCounts>> | undefined {
    return this.#readers
  }

  lane(way: Way): Lane {
    return this.#record.lane(way)
  }

  figures(way: Way): LaneFigures {
    return this.#figures.of(way, this.#record.lane(way).totals, this.#browser.now())
  }

  isRunning(way: Way): boolean {
    return this.#lanes.isRunning(way)
  }

  start(way: Way): void {
    this.#lanes.start(way)
  }

  stop(way: Way): void {
    this.#lanes.stop(way)
  }

  closeFromServer(way: Way): void {
    const connections = connectionsToClose(way, (each) => this.#record.lane(each))
    for (const connection of connections) this.#feed.send({ type: 'close', connection })
  }

  say(way: Way, text: string): Promise<void> {
    return this.#lanes.say(way, text)
  }

  useSettings(settings: LaneSettings): void {
    this.#lanes.useSettings(settings)
  }

  useWorkload(workload: Workload): void {
    this.#workload = workload
    if (!hasReaders(workload)) this.#readers = undefined
    if (this.#state === 'running') this.#feed.send({ type: 'workload', workload })
    this.#frames.changed()
  }

  useFaults(faults: LineFaults): void {
    this.#faults = faults
    if (this.#state === 'running') this.#feed.send({ type: 'faults', faults })
  }

  cut(): void {
    this.#feed.send({ type: 'cut' })
  }

  goOffline(forMs: number): void {
    this.#feed.send({ type: 'offline', forMs })
  }

  hopTo(way: Way): void {
    this.#hopper?.hopTo(way)
  }

  hopAtRandom(isOn: boolean): void {
    this.#hopper?.hopAtRandom(isOn)
  }

  onChange(callback: () => void): () => void {
    return this.#frames.add(callback)
  }

  end(): void {
    this.#isEndedByPage = true
    this.#feed.end('The page has ended the run.')
  }

  #heard(notice: LabNotice): void {
    switch (notice.type) {
      case 'run':
        this.#begin(notice)
        break
      case 'clock':
        this.#compareClocks(notice.askedAtMs, notice.atMs)
        break
      case 'trace':
        this.#record.take(notice.events)
        if (notice.missed) this.#refused(tooSlow(notice.missed))
        break
      case 'readers':
        // One that was on its way when the last of them were sent home.
        if (hasReaders(this.#workload)) this.#readers = notice.ways
        break
      case 'line':
        this.#lineEvents.push(notice.event)
        if (this.#lineEvents.length > maxLineEvents) this.#lineEvents.shift()
        break
      case 'refused':
        this.#refused(notice.detail)
        break
    }
    this.#frames.changed()
  }

  #begin(run: LabNotice & { type: 'run' }): void {
    if (this.#state !== 'connecting') {
      this.#refused('The server named another channel in the middle of a run.')
      return
    }
    this.#state = 'running'
    this.#run = run
    this.#startReaders()
  }

  #compareClocks(askedAtMs: number, serverAtMs: number): void {
    if (!this.#clock.take(askedAtMs, serverAtMs)) return
    const { estimate } = this.#clock
    if (estimate) this.#record.useClock(estimate)
    this.#startReaders()
  }

  /** Once, when the channel is known and the clocks are compared: no message is heard whose delay can't be told. */
  #startReaders(): void {
    const run = this.#run
    if (!run || !this.#clock.isSettled) return
    this.#run = undefined
    const { channel, line } = run
    const readerOptions = { browser: this.#browser, line, channel, onChange: this.#frames.changed }
    this.#lanes.begin(channel)
    this.#hopper = new Hopper({ ...readerOptions, way: firstWay, offset: beginning })
    this.#naive = new NaiveSocket(readerOptions)
    this.#feed.send({ type: 'faults', faults: this.#faults })
    // Last, so that all are on their way when the first message comes.
    this.#feed.send({ type: 'workload', workload: this.#workload })
  }

  #refused(reason: string): void {
    this.#reason = reason
    this.#frames.changed()
  }

  #over(reason: string): void {
    const isRefused = this.#state === 'connecting' && !this.#isEndedByPage
    this.#state = isRefused ? 'refused' : 'ended'
    // What the server said before it closed says more than that it did.
    this.#reason = isRefused ? (this.#reason ?? reason) : reason
    this.#clock.stop()
    this.#lanes.end()
    this.#hopper?.stop()
    this.#naive?.stop()
    this.#frames.changed()
  }
}

function tooSlow(missed: number): string {
  return `The page could not keep up: ${missed} things that happened on the wire are not in its counts.`
}

function hasReaders({ readers }: Workload): boolean {
  return ways.some((way) => readers[way] > 0)
}

const nothingHeard = { heard: 0, lost: 0, twice: 0, outOfOrder: 0 }

const idleHopper: HopperState = {
  ...nothingHeard,
  way: firstWay,
  hops: 0,
  isHoppingAtRandom: false,
  doing: 'waiting',
  offset: beginning,
}

const idleNaive: NaiveState = { ...nothingHeard, connects: 0, doing: 'waiting' }
