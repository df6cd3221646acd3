import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Faults, Weather } from '../faults.js'

/** A request that has come, or one for an upgrade: that one has no response of its own, only its connection. */
export interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse | undefined
  readonly socket: Duplex
  readonly isUpgrade: boolean
}

/** A fault of a proxy: it knows requests and answers. */
export interface HttpFault {
  /** @returns whether it has taken the request on itself */
  readonly takes?: (visit: Visit, faults: Faults) => boolean
  /** Whether the request is passed on without what asks for an upgrade. */
  readonly isStripped?: (faults: Faults) => boolean
  /** Stands between an answer from behind and the client. */
  readonly between?: (weather: Weather) => NodeJS.ReadWriteStream | undefined
}
