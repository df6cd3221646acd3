import type { Trace } from '../observe/index.js'
import type { Station } from '../transports/index.js'

/** What a run stands on. */
export interface LabOptions {
  readonly station: Station
  readonly trace: Trace
  /** Where the server can be reached from this machine: known when it listens. */
  readonly address: () => LocalAddress
}

/** How the server's own readers and its line reach it. */
export interface LocalAddress {
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
}
