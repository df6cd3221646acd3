import { invariant, labLimits, labPath, Problem } from '@tidings/protocol'
import { type Mount, methodNotAllowed, routeUnknown, type Visit } from '../http/index.js'
import type { Trace } from '../observe/index.js'
import type { Station } from '../transports/index.js'
import { type Assets, answerAsset, loadAssets } from './assets.js'
import type { LabOptions, LocalAddress } from './lab-options.js'
import { type LineTarget, parseLineTarget } from './line/line-target.js'
import { Run } from './run.js'

/**
 * The Lab beside the channels: its pages, and the runs that they start. A run is a WebSocket: while it is open the
 * server publishes into a channel of its own, tells what happens on the sockets of its lanes, and keeps a faulty line
 * to itself; with the socket all of it ends, and the channel is removed.
 *
 *     /lab/, /lab/check            pages, and what they load
 *     /lab/run                     a WebSocket: LabRequest in, LabNotice out
 *     /lab/line/<run>/<reader>/…   the server again, over the run's faulty line
 */
export class Lab implements Mount {
  readonly prefix = labPath.page
  readonly #options: LabOptions
  #address: LocalAddress | undefined
  readonly #runs = new Map<string, Run>()
  /** Runs whose channels are being made. */
  #opening = 0
  #assets: Promise<Assets> | undefined

  constructor(station: Station, trace: Trace) {
    const address = () => {
      invariant(this.#address !== undefined, 'a run begins at a server that listens')
      return this.#address
    }
    this.#options = { station, trace, address }
  }

  /** Where this machine reaches the server: to be told before a request comes. */
  listensAt(address: LocalAddress): void {
    this.#address = address
  }

  async answer(visit: Visit, pathname: string): Promise<void> {
    if (pathname === labPath.run) return this.#run(visit)
    const line = parseLineTarget(pathname)
    if (line) return this.#pass(visit, line)
    const { method } = visit.request
    if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed('GET, HEAD, OPTIONS')
    answerAsset(visit, await this.#loadAssets(), pathname)
  }

  #loadAssets(): Promise<Assets> {
    this.#assets ??= loadAssets().catch((error) => {
      // What could not be read may be there the next time.
      this.#assets = undefined
      throw error
    })
    return this.#assets
  }

  /** Ends all runs. */
  async stop(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.end()))
  }

  async #run({ request, exchange, isUpgrade }: Visit): Promise<void> {
    if (request.method !== 'GET') throw methodNotAllowed('GET, OPTIONS')
    if (!isUpgrade)
      throw new Problem('upgrade-required', 'A run of the Lab is a WebSocket; its page opens one.')
    if (this.#runs.size + this.#opening >= labLimits.runs) {
      throw new Problem(
        'server-busy',
        `${labLimits.runs} runs of the Lab go on already. Close a page that has one.`,
      )
    }
    this.#opening++
    const run = await Run.open(this.#options).finally(() => {
      this.#opening--
    })
    this.#runs.set(run.id, run)
    try {
      const connection = await exchange.upgrade({ subprotocol: undefined })
      run.begin(connection, () => this.#runs.delete(run.id))
    } catch (error) {
      this.#runs.delete(run.id)
      await run.end()
      throw error
    }
  }

  async #pass(visit: Visit, target: LineTarget): Promise<void> {
    const run = this.#runs.get(target.run)
    if (!run) throw routeUnknown()
    run.line.take(visit, target)
  }
}
