import { Problem } from '@tidings/protocol'

/** What a body may bring. */
export interface ReadBounds {
  /** A longer one is refused as soon as that is known: by its announced length, or on the way. */
  readonly maxBytes: number
  /** Asked for each part that arrives; says no when the bodies of all requests hold too much. */
  readonly hasRoom: (bytes: number) => boolean
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
