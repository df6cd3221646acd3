import { type FileHandle, open } from 'node:fs/promises'
import { readRootPages } from './data-file.js'

/** The file grows by at least this, bytes: one write of it in so many commits. */
const leastGrowthBytes = 128 * 1024
/** … and by this part of itself, up to the most. */
const growthPart = 1 / 16
const mostGrowthBytes = 8 * 1024 * 1024
const zeros = Buffer.alloc(leastGrowthBytes)
/** Pages that a commit changes beside those of its keys: the upper levels of six trees, and the list of free pages. */
const fixedPages = 64
/** Pages that one key may need: a leaf that is copied, perhaps split, and its branch. */
const pagesPerKey = 3

/**
 * Room in the data file beyond LMDB's last page, taken from the disk before a commit needs it. A full disk is
 * so found out by a write of ours, and the commit is refused before LMDB sees it: lmdb 3.5.6 writes its report
 * of a failed page into a buffer that is too short for it, which may end the process.
 *
 * The estimate of what a commit needs is generous; should it be too small all the same, LMDB's own write
 * fails, and the commit with it.
 */
export class Room {
  readonly #file: string
  #handle: FileHandle | undefined
  #pageBytes = 0
  /** Pages that are certainly left; more may be, since LMDB uses freed ones first. */
  #pagesLeft = 0
  #growing: Promise<void> = Promise.resolve()

  constructor(file: string) {
    this.#file = file
  }

  /**
   * Makes room for a commit.
   *
   * @param change.keys   puts and removes
   * @param change.bytes  of all keys and values
   * @throws the error of the file system: ENOSPC, EDQUOT, EIO
   */
  async ensure(change: { readonly keys: number; readonly bytes: number }): Promise<void> {
    const pages = fixedPages + pagesPerKey * change.keys + Math.ceil(change.bytes / (this.#pageBytes || 4096))
    if (this.#take(pages)) return
    // One after the other: what one has found is not for another, too.
    const mine = this.#growing.then(async () => {
      if (this.#take(pages)) return
      await this.#look()
      if (pages > this.#pagesLeft) await this.#grow(pages - this.#pagesLeft)
      this.#pagesLeft -= pages
    })
    this.#growing = mine.catch(() => {})
    await mine
  }

  #take(pages: number): boolean {
    if (pages > this.#pagesLeft) return false
    this.#pagesLeft -= pages
    return true
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = undefined
  }

  async #look(): Promise<void> {
    this.#handle ??= await open(this.#file, 'r+')
    const roots = await readRootPages(this.#handle)
    const { size } = await this.#handle.stat()
    if (!roots) return
    this.#pageBytes = roots.pageBytes
    this.#pagesLeft = Math.max(0, Math.floor(size / this.#pageBytes) - 1 - roots.lastPage)
  }

  async #grow(morePages: number): Promise<void> {
    const handle = this.#handle
    if (!handle || this.#pageBytes === 0) return
    const { size } = await handle.stat()
    const share = Math.min(mostGrowthBytes, size * growthPart)
    const growth = Math.max(leastGrowthBytes, share, morePages * this.#pageBytes)
    const end = Math.ceil((size + growth) / this.#pageBytes) * this.#pageBytes
    let at = size
    while (at < end) {
      const { bytesWritten } = await handle.write(zeros, 0, Math.min(zeros.byteLength, end - at), at)
      at += bytesWritten
      this.#pagesLeft += Math.floor(bytesWritten / this.#pageBytes)
    }
  }
}
