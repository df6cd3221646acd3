/** Keys of the table `about`. */
export const aboutKey = {
  /** The highest history minted so far. */
  lastHistory: Buffer.from('last-history'),
  /** When the folder was last opened, milliseconds since 1970: written so that there is something to flush. */
  openedAtMs: Buffer.from('opened-at-ms'),
  /** There until every channel has a new history. */
  dataMayBeGone: Buffer.from('data-may-be-gone'),
  /** There until every channel has a new history: the folder is a copy of a log that went on without it. */
  isCopy: Buffer.from('is-copy'),
} as const
