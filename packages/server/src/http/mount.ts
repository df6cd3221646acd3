import type { Visit } from './visit.js'

/** Something that is served beside channels. */
export interface Mount {
  /** As in `/lab/`; what is under it is the mount's, and so is the same without the last slash. */
  readonly prefix: string
  /** Answers, or throws trouble. @param pathname as it was sent, without the query */
  answer(visit: Visit, pathname: string): Promise<void>
}
