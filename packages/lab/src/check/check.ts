import type { CheckId } from './check-id.js'
import type { ProbeChannel } from './probe/channel.js'
import type { CheckSettings } from './settings.js'

/** `skipped`: there was nothing that could be tried. */
export type Verdict = 'works' | 'works-with-trouble' | 'broken' | 'skipped'

/** Numbers and words for the report, by name; a time has its unit in its name. No addresses and no secrets. */
export type Facts = Readonly<Record<string, number | string | boolean>>

/** What a check found out. */
export interface Finding {
  readonly verdict: Verdict
  /** What was seen, in a sentence or two with numbers; `code` stands in backticks. */
  readonly evidence: string
  /** What to change, with the setting where it is one; absent when there is nothing to. */
  readonly advice?: string
  readonly facts: Facts
}

/** What a check is given. What it opens lasts for as long as its signal. */
export interface CheckContext {
  readonly settings: CheckSettings
  /** By which the page came: `http/1.1`, `h2`, `h3`; empty where the browser does not tell. */
  readonly httpVersion: string
  /**
   * Makes a channel of its own, which is removed when the check is over.
   *
   * @throws ChannelRefused
   */
  openChannel(): Promise<ProbeChannel>
  /** Says what goes on now, in a few words. */
  progress(text: string): void
}

/** Tries one thing on the visitor's network. */
export interface Check {
  readonly id: CheckId
  readonly title: string
  /** The question that it answers. */
  readonly asks: string
  /**
   * @param signal ends everything that the check has opened: aborted by the visitor, and when the check is over
   * @throws ProbeFailure when a request that the check itself needs fails; what `signal` aborted with
   */
  run(context: CheckContext, signal: AbortSignal): Promise<Finding>
}
