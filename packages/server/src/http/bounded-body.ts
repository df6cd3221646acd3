import { Problem } from '@tidings/protocol'
import { Pieces } from '../transports/index.js'

/** What a body may bring. */
export interface ReadBounds {
  /** A longer one is refused as soon as that is known: by its announced length, or on the way. */
  readonly maxBytes: number
  /** Asked for each part that arrives; says no when the bodies of all requests hold too much. */
  readonly hasRoom: (bytes: number) => boolean
}

/** A body that comes in parts. */
export class BoundedBody {
  readonly #bounds: ReadBounds
  readonly #pieces: Pieces

  /** @param mostBytes that it will have, where it says so; never more than it may */
  constructor(bounds: ReadBounds, mostBytes = bounds.maxBytes) {
    this.#bounds = bounds
    this.#pieces = new Pieces(mostBytes)
  }

  /** @returns why the part is not taken, when it is not: `message-too-large`, `server-busy` */
  add(part: Buffer): Problem | undefined {
    const { maxBytes, hasRoom } = this.#bounds
    if (this.#pieces.byteLength + part.byteLength > maxBytes) return tooLarge(maxBytes)
    if (!hasRoom(part.byteLength)) return busy()
    this.#pieces.add(part)
    return undefined
  }

  get joined(): Buffer {
    return this.#pieces.joined
  }
}

export function tooLarge(maxBytes: number): Problem {
  return new Problem(
    'message-too-large',
    `A request's body has at most ${maxBytes} bytes here. Send less at once, or raise TIDINGS_MAX_BODY_BYTES.`,
  )
}

export function busy(): Problem {
  return new Problem(
    'server-busy',
    'The server holds as many bodies as it may. Send this one again a little later.',
    {
      retryAfterSeconds: 1,
    },
  )
}
