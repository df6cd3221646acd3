import type { Way } from '@tidings/protocol'

/** What a worker of readers is made with. */
export interface CrowdData {
  readonly server: string
  readonly channel: string
}

/** How many readers there are to be. */
export type CrowdWish = Readonly<Record<Way, number>>
