import { readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { Problem } from '@tidings/protocol'

export const dataFileName = 'data.mdb'

/**
 * Looks at a data file before LMDB does: lmdb 3.5.6 ends the whole process, without a word, when the file is
 * not a database or was cut off. The two pages that name a database's roots are at its start, each with:
 *
 *     18  u16  flags of the page, 8: names roots         136  u64  page of the root
 *     24  u32  LMDB's mark, 0xBEEFC0DE                   144  u64  last page in use
 *     28  u32  version of the form, low half             152  u64  transaction
 *     48  u32  bytes of a page
 */
const mark = 0xbeefc0de
const namesRoots = 8
/** Stands where a page's number would, when there is none. */
export const noPage = 0xffff_ffff_ffff_ffffn
const headBytes = 160

interface RootPage {
  readonly pageBytes: number
  readonly root: bigint
  readonly lastPage: bigint
  readonly transaction: bigint
}

/**
 * @param isFlushed  all that was committed is on the disk; else the latest root may name what never came there
 * @throws Problem `storage-damaged` when `file` is no database, or ends before its last page
 */
export async function checkDataFile(file: string, isFlushed: boolean): Promise<void> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const pages = readBoth(handle.fd)
    if (!pages) throw damaged(file, 'is no database')
    const [first, second] = pages
    if (!isFlushed) return
    const latest = first.transaction > second.transaction ? first : second
    // A page beyond the end of the file would be read from memory that is not there. Room is made before each
    // commit (`room.ts`), so that a sound file never ends before its last page.
    const end = (latest.lastPage + 1n) * BigInt(latest.pageBytes)
    if (latest.root !== noPage && end > BigInt(size)) throw damaged(file, 'was cut off')
  } finally {
    await handle.close()
  }
}

/** What a file says of itself in its two root pages; the latest is that of the last commit. */
export interface RootPages {
  readonly pageBytes: number
  /** The last page in use after either of the latest two commits. */
  readonly lastPage: number
  readonly latestLastPage: number
  /** Where the latest root page begins, bytes. */
  readonly latestAt: number
}

/**
 * Reads them in this turn: of a database in use they are in memory, and two small reads cost a tenth of what it takes
 * to have another thread do it.
 *
 * @returns undefined when the file is no database
 */
export function readRootPages(fileDescriptor: number): RootPages | undefined {
  const pages = readBoth(fileDescriptor)
  if (!pages) return undefined
  const [first, second] = pages
  const isFirst = first.transaction > second.transaction
  return {
    pageBytes: first.pageBytes,
    lastPage: Math.max(Number(first.lastPage), Number(second.lastPage)),
    latestLastPage: Number((isFirst ? first : second).lastPage),
    latestAt: isFirst ? 0 : first.pageBytes,
  }
}

function readBoth(fileDescriptor: number): [RootPage, RootPage] | undefined {
  const readRoot = (at: number) => {
    const head = Buffer.alloc(headBytes)
    const bytesRead = readSync(fileDescriptor, head, 0, headBytes, at)
    return bytesRead === headBytes ? parse(head) : undefined
  }
  const first = readRoot(0)
  const second = first && readRoot(first.pageBytes)
  return first && second ? [first, second] : undefined
}

function parse(head: Buffer): RootPage | undefined {
  if (head.readUInt16LE(18) !== namesRoots || head.readUInt32LE(24) !== mark) return undefined
  return {
    pageBytes: head.readUInt32LE(48),
    root: head.readBigUInt64LE(136),
    lastPage: head.readBigUInt64LE(144),
    transaction: head.readBigUInt64LE(152),
  }
}

function damaged(file: string, why: string): Problem {
  return new Problem(
    'storage-damaged',
    `${file} ${why}: something other than Tidings changed it. Restore the data folder from a copy, or name another one with --data or TIDINGS_DATA.`,
  )
}
