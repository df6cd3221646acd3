import type { Commit, Engine } from '../engine.js'

/** An engine on storage of its own, and what else can be done to that storage. */
export interface EngineUnderTest {
  readonly engine: Engine
  /** Opens the same storage again; the engine before is closed. */
  readonly reopen?: () => Promise<EngineUnderTest>
  /** Changes one bit of the stored bytes that are like `bytes`, and opens the storage again. */
  readonly flipBit?: (bytes: Uint8Array) => Promise<EngineUnderTest>
  /** A commit that this engine can not keep. */
  readonly impossibleCommit?: () => Commit
  /** Takes away the storage and all that was opened here. */
  readonly dispose: () => Promise<void>
}

/** A test of the suite that an engine need not pass. */
export interface Exemption {
  readonly test: string
  readonly reason: string
}

/** A test of the suite. */
export type Body = (open: () => Promise<EngineUnderTest>) => Promise<void>
