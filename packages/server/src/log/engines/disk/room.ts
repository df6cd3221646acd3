import { fstatSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { invariant } from '@tidings/protocol'
import { readRootPages } from './data-file.js'

/** The file grows by at least this, bytes: room for a dozen commits, so that a busy log seldom waits for a look. */
const leastGrowthBytes = 2 * 1024 * 1024
/** … and by this part of itself, up to the most. */
const growthPart = 1 / 16
const mostGrowthBytes = 16 * 1024 * 1024
const zeros = Buffer.alloc(128 * 1024)
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
 * fails, and the commit with it. What commits did not need is found again by a look at the file, which goes on
 * beside the next commits once half of the room is promised.
 */
export class Room {
  readonly #file: string
  #handle: FileHandle | undefined
  #pageBytes = 0
  /** Pages that are certainly left; more may be, since LMDB uses freed ones first. */
  #pagesLeft = 0
  /** Pages that commits were promised which may not have taken them yet. */
  #pagesPromised = 0
  #looking: Promise<void> | undefined

  constructor(file: string) {
    this.#file = file
  }

  /**
   * Makes room for a commit.
   *
   * @param change.keys   puts and removes
   * @param change.bytes  of all keys and values
   * @returns to be called when the commit is made, or will not be
   * @throws the error of the file system: ENOSPC, EDQUOT, EIO
   */
  async ensure(change: { readonly keys: number; readonly bytes: number }): Promise<() => void> {
    const pages = fixedPages + pagesPerKey * change.keys + Math.ceil(change.bytes / (this.#pageBytes || 4096))
    while (pages > this.#pagesLeft) await this.#lookOnce(pages)
    this.#pagesLeft -= pages
    this.#pagesPromised += pages
    if (this.#pagesLeft * this.#pageBytes < leastGrowthBytes / 2) this.#lookAhead()
    return () => {
      this.#pagesPromised -= pages
    }
  }

  /** One look after the other; who comes in between shares the one that is under way, and looks again if need be. */
  #lookOnce(pages: number): Promise<void> {
    this.#looking ??= this.#look(pages).finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** What fails here fails again when a commit waits for it, and is told to it. */
  #lookAhead(): void {
    this.#lookOnce(0).catch(() => {})
  }

  async close(): Promise<void> {
    await this.#looking?.catch(() => {})
    await this.#handle?.close()
    this.#handle = undefined
  }

  async #look(pages: number): Promise<void> {
    this.#handle ??= await open(this.#file, 'r+')
    const { fd } = this.#handle
    const roots = readRootPages(fd)
    const { size } = fstatSync(fd)
    invariant(roots !== undefined, 'a database that is open begins with its root pages')
    this.#pageBytes = roots.pageBytes
    const unused = Math.floor(size / this.#pageBytes) - 1 - roots.lastPage
    // A commit under way may not be in the file's root pages yet.
    this.#pagesLeft = Math.max(0, unused - this.#pagesPromised)
    const wanted = Math.max(pages, leastGrowthBytes / this.#pageBytes)
    if (this.#pagesLeft < wanted / 2 || this.#pagesLeft < pages) await this.#grow(this.#handle, size, wanted)
  }

  async #grow(handle: FileHandle, size: number, pages: number): Promise<void> {
    const share = Math.min(mostGrowthBytes, size * growthPart)
    const growth = Math.max(leastGrowthBytes, share, pages * this.#pageBytes)
    const end = Math.ceil((size + growth) / this.#pageBytes) * this.#pageBytes
    let at = size
    while (at < end) {
      const { bytesWritten } = await handle.write(zeros, 0, Math.min(zeros.byteLength, end - at), at)
      at += bytesWritten
      this.#pagesLeft += Math.floor(bytesWritten / this.#pageBytes)
    }
  }
}
