import { Transform, type TransformCallback } from 'node:stream'
import type { Weather } from '../faults.js'
import type { HttpFault } from './http-fault.js'

/** As much of one answer as is held, bytes; what is longer passes from there on. */
const maxBufferedBytes = 4 * 1024 * 1024

export const buffer: HttpFault = {
  between: (weather) => (weather.faults.buffer ? new Buffering(weather) : undefined),
}

class Buffering extends Transform {
  #pieces: Buffer[] = []
  #bytes = 0
  readonly #weather: Weather
  readonly #unwatch: () => void

  constructor(weather: Weather) {
    super()
    this.#weather = weather
    this.#unwatch = weather.watch(() => this.#isHolding() || this.#release())
    this.once('close', this.#unwatch)
  }

  override _transform(piece: Buffer, _encoding: string, done: TransformCallback): void {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (!this.#isHolding()) this.#release()
    done()
  }

  override _flush(done: TransformCallback): void {
    this.#release()
    done()
  }

  #isHolding(): boolean {
    return this.#weather.faults.buffer && this.#bytes < maxBufferedBytes
  }

  #release(): void {
    if (this.#pieces.length > 0) this.push(Buffer.concat(this.#pieces.splice(0)))
  }
}
