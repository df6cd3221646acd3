import { setTimeout as sleep } from 'node:timers/promises'
import {
  type BackoffSettings,
  type ChannelAddress,
  type ChannelState,
  head,
  ProblemError,
  type RetryNotice,
  type WebSocketConstructor,
} from '@tidings/client/ways'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { WebSocket } from 'ws'
import { type Note, note, silence } from './notes.js'
import { Interrupted } from './trouble.js'

/** The flags of every command that talks to a server. */
export interface ContactFlags {
  readonly url: string
  readonly retries?: number
  readonly quiet?: true
}

/** Failures in a row after which a first contact is given up: about 4 seconds of trying. */
const firstContactRetries = 5
const baseMs = 250
const capMs = 10_000

export function addContactFlags(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'the server').env('TIDINGS_URL').default('http://127.0.0.1:4437'))
    .addOption(
      new Option(
        '--retries <count>',
        `give up after so many failures in a row (default: ${firstContactRetries}, and no end once a long-running command has reached the server)`,
      ).argParser(wholeNumber),
    )
    .option('-q, --quiet', 'say nothing on stderr but errors')
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number.')
  return Number(text)
}

/** A server, and how patiently it is asked. */
export class Contact {
  readonly server: string
  readonly note: Note
  readonly #retries: number | undefined
  readonly #signal: AbortSignal

  constructor(flags: ContactFlags, signal: AbortSignal) {
    this.server = flags.url
    this.note = flags.quiet ? silence : note
    this.#retries = flags.retries
    this.#signal = signal
  }

  address(channel: string): ChannelAddress {
    return { server: this.server, channel }
  }

  /**
   * For readers and publishers, which ask again by themselves.
   *
   * @param isLasting  the command goes on till it is ended: then trouble ends it only if `--retries` says so
   */
  clientOptions(isLasting: boolean): {
    readonly webSocket: WebSocketConstructor
    readonly backoff: Partial<BackoffSettings>
    readonly onRetry: (notice: RetryNotice) => void
    readonly signal: AbortSignal
  } {
    const maxAttempts = this.#retries ?? (isLasting ? Number.POSITIVE_INFINITY : firstContactRetries)
    return {
      // Node has one of its own from version 22 on; this one is the same on all.
      webSocket: WebSocket,
      backoff: { baseMs, capMs, maxAttempts },
      onRetry: ({ error, waitMs }) => this.#sayRetry(error, waitMs),
      signal: this.#signal,
    }
  }

  /** @throws ProblemError `channel-unknown`, and what `ask` throws */
  async head(channel: string): Promise<ChannelState> {
    try {
      return await this.ask(() => head(this.address(channel), { signal: this.#signal }))
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'channel-unknown') throw error
      const detail = `There is no channel ${channel} at ${this.server}. "tidings create ${channel}" makes it.`
      throw new ProblemError(error.code, detail, { cause: error })
    }
  }

  /**
   * One request, asked again while the server can not be reached or says that it can not now. Ends after
   * `--retries` failures; waits twice as long each time, up to 10 s.
   *
   * @throws ProblemError the last failure; Interrupted
   */
  async ask<T>(request: () => Promise<T>): Promise<T> {
    const mostRetries = this.#retries ?? firstContactRetries
    for (let failures = 1; ; failures++) {
      try {
        return await request()
      } catch (error) {
        if (this.#signal.aborted) throw new Interrupted()
        if (!(error instanceof ProblemError) || !error.isTransient) throw error
        if (failures > mostRetries) throw this.#withAdvice(error)
        const wishMs = (error.facts.retryAfterSeconds ?? 0) * 1000
        const waitMs = Math.max(wishMs, Math.min(capMs, baseMs * 2 ** (failures - 1)))
        this.#sayRetry(error, waitMs)
        await sleep(waitMs, undefined, { signal: this.#signal }).catch(() => {})
      }
      if (this.#signal.aborted) throw new Interrupted()
    }
  }

  #sayRetry(error: ProblemError, waitMs: number): void {
    this.note(`${error.message} Trying again in ${(waitMs / 1000).toFixed(1)} s.`)
  }

  #withAdvice(error: ProblemError): ProblemError {
    if (error.code !== 'connection-failed') return error
    const advice = `Is one running at ${this.server}? Start it with "tidings serve", or name another with --url.`
    return new ProblemError(error.code, `${error.message} ${advice}`, { cause: error })
  }
}
