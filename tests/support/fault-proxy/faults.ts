/** From the client to the server, and back. */
export type Direction = 'up' | 'down'

/** Where the bytes of an answer are cut off. */
export type BodyCut = 'middle' | 'between-cr-and-lf' | 'inside-character'

/** What a proxy says by itself, whatever is asked. */
export interface OwnAnswer {
  readonly status: 429 | 502 | 503
  readonly retryAfterSeconds?: number
}

/** What is wrong with a network, and with a proxy in it, at one time. */
export interface Faults {
  /** New connections are reset as soon as they come. */
  readonly refuse: boolean
  /** Each piece is held up for so long, milliseconds. */
  readonly delayUpMs: number
  readonly delayDownMs: number
  /** Bytes a second and direction that a connection carries; 0 for no bound. */
  readonly bytesPerSecond: number
  /** Nothing passes, and nobody is told. What came meanwhile goes on when it is over, as TCP would send it again. */
  readonly blackHole: boolean
  /** What comes in this direction is lost, and with it all that would follow on the same connection, for good. */
  readonly halfOpen: Direction | undefined
  /** A connection without a byte for so long is ended, milliseconds; 0 for never. */
  readonly idleMs: number
  /** Each connection ends at the first such place in what it carries to the client. */
  readonly cutBody: BodyCut | undefined
  /** Answers arrive in one piece when they have ended. What is held when this is over goes on. */
  readonly buffer: boolean
  /** `strip`: they arrive as plain GETs. `hang`: nobody ever answers. `refuse`: 502. */
  readonly upgrades: 'pass' | 'strip' | 'hang' | 'refuse'
  readonly answer: OwnAnswer | undefined
  /** `end`: each answer says `Connection: close`. `drop`: it does not, and the connection ends all the same. */
  readonly keepAlive: 'keep' | 'end' | 'drop'
}

export const noFaults: Faults = {
  refuse: false,
  delayUpMs: 0,
  delayDownMs: 0,
  bytesPerSecond: 0,
  blackHole: false,
  halfOpen: undefined,
  idleMs: 0,
  cutBody: undefined,
  buffer: false,
  upgrades: 'pass',
  answer: undefined,
  keepAlive: 'keep',
}

/** The faults of a proxy as they are now; who is affected by what is under way hears when they change. */
export class Weather {
  #faults = noFaults
  /** Bytes that half-open connections have lost. */
  lostBytes = 0
  readonly #listeners = new Set<() => void>()

  get faults(): Faults {
    return this.#faults
  }

  become(faults: Faults): void {
    this.#faults = faults
    for (const listener of [...this.#listeners]) listener()
  }

  /** @returns what stops it */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
