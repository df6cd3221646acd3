import { type FileHandle, open } from 'node:fs/promises'
import { noPage, readRootPages } from './data-file.js'

/**
 * Reads an LMDB file page by page, as its format says and without LMDB, which trusts what it maps: a page that
 * is damaged would end the process, or be believed. Only reads, and only what the last commit can see.
 *
 * A page: 24 bytes of head, then 16-bit places of nodes (counted from the head's end), free space, the nodes.
 *
 *      0  u64  number of the page              18  u16  flags: 1 branch, 2 leaf, 4 overflow
 *      8  u64  transaction                     20  u16  end of the places    (overflow: u32 number of pages)
 *     16  u16  nothing here                    22  u16  start of the nodes
 *
 * A node: u16 u16 low, high size of the data (in a branch: with the flags, the child's page), u16 flags, u16
 * size of the key, the key, the data. A tree, in a root page or as a node's data of 48 bytes:
 *
 *      0  u32 u16  nothing here                16  u64  leaf pages
 *      6  u16  depth                           24  u64  overflow pages
 *      8  u64  branch pages                    32  u64  entries
 *                                              40  u64  page of the root
 */
const headBytes = 24
const nodeHeadBytes = 8
const treeBytes = 48
const mainTreeAt = 96
const isBranch = 1
const isLeaf = 2
const isOverflow = 4
const dataIsElsewhere = 1
const dataIsTree = 2
/** Deeper than any tree of pages of 4 KiB that a disk could hold. */
const mostDepth = 32

interface Tree {
  readonly depth: number
  readonly branchPages: number
  readonly leafPages: number
  readonly overflowPages: number
  readonly entries: number
  readonly root: bigint
}

export interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

interface Counts {
  branchPages: number
  leafPages: number
  overflowPages: number
  entries: number
}

/** What is wrong with a page; what stands behind it can't be reached. */
export class PageFault extends Error {
  override readonly name = 'PageFault'
}

export class PageFile {
  readonly #handle: FileHandle
  readonly #pageBytes: number
  readonly #lastPage: number
  readonly #main: Tree
  /** A bit for each page that was read. */
  readonly #seen: Uint8Array
  #tables = new Map<string, Tree>()

  private constructor(handle: FileHandle, pageBytes: number, lastPage: number, main: Tree) {
    this.#handle = handle
    this.#pageBytes = pageBytes
    this.#lastPage = lastPage
    this.#main = main
    this.#seen = new Uint8Array(Math.floor(lastPage / 8) + 1)
  }

  /** @throws PageFault when the file is no database at all */
  static async open(file: string): Promise<PageFile> {
    const handle = await open(file, 'r')
    try {
      const roots = readRootPages(handle.fd)
      if (!roots) throw new PageFault('its first pages are those of no database')
      const page = Buffer.alloc(headBytes + mainTreeAt + treeBytes)
      await handle.read(page, 0, page.byteLength, roots.latestAt)
      const main = parseTree(page.subarray(mainTreeAt))
      const opened = new PageFile(handle, roots.pageBytes, roots.latestLastPage, main)
      await opened.#readTables()
      return opened
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  get tableNames(): string[] {
    return [...this.#tables.keys()]
  }

  /**
   * All entries of a table, in the order of their keys.
   *
   * @throws PageFault at the first page that is not as it must be
   */
  async *entries(table: string): AsyncGenerator<Entry> {
    const tree = this.#tables.get(table)
    if (!tree) throw new PageFault(`there is no table ${table}`)
    yield* this.#walkCounted(tree, false)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  async #readTables(): Promise<void> {
    for await (const { key, value } of this.#walkCounted(this.#main, true)) {
      if (value.byteLength !== treeBytes) throw new PageFault('the list of tables holds something else')
      this.#tables.set(key.toString().replace(/\0$/, ''), parseTree(value))
    }
  }

  async *#walkCounted(tree: Tree, holdsTrees: boolean): AsyncGenerator<Entry> {
    const counts: Counts = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 }
    if (tree.root !== noPage) {
      let before: Buffer | undefined
      for await (const entry of this.#walk(Number(tree.root), tree.depth, counts, holdsTrees)) {
        if (before && Buffer.compare(before, entry.key) >= 0) throw new PageFault('keys are out of order')
        before = entry.key
        yield entry
      }
    }
    for (const name of ['entries', 'branchPages', 'leafPages', 'overflowPages'] as const) {
      if (counts[name] === tree[name]) continue
      throw new PageFault(`a tree has ${counts[name]} ${name}, and says ${tree[name]}`)
    }
  }

  async *#walk(number: number, depth: number, counts: Counts, holdsTrees: boolean): AsyncGenerator<Entry> {
    if (depth < 1 || depth > mostDepth) throw new PageFault(`page ${number} lies at an impossible depth`)
    const page = await this.#page(number, depth > 1 ? isBranch : isLeaf)
    if (depth > 1) counts.branchPages++
    else counts.leafPages++
    for (const node of nodesOf(page, number)) {
      if (depth > 1) yield* this.#walk(childOf(node), depth - 1, counts, holdsTrees)
      else {
        counts.entries++
        yield await this.#entry(node, number, counts, holdsTrees)
      }
    }
  }

  async #entry(node: Buffer, number: number, counts: Counts, holdsTrees: boolean): Promise<Entry> {
    const size = node.readUInt16LE(0) + node.readUInt16LE(2) * 0x1_0000
    const flags = node.readUInt16LE(4)
    const dataAt = nodeHeadBytes + node.readUInt16LE(6)
    const key = node.subarray(nodeHeadBytes, dataAt)
    if (flags !== (holdsTrees ? dataIsTree : 0) && flags !== dataIsElsewhere) {
      throw new PageFault(`page ${number} has a node of an unknown kind`)
    }
    if (flags === dataIsElsewhere) return { key, value: await this.#overflow(node, dataAt, size, counts) }
    if (dataAt + size > node.byteLength) throw new PageFault(`page ${number} has a node that is cut off`)
    return { key, value: node.subarray(dataAt, dataAt + size) }
  }

  async #overflow(node: Buffer, dataAt: number, size: number, counts: Counts): Promise<Buffer> {
    if (dataAt + 24 > node.byteLength) throw new PageFault('a node that points to its data is cut off')
    const number = Number(node.readBigUInt64LE(dataAt))
    const pages = Math.ceil((headBytes + size) / this.#pageBytes)
    const bytes = await this.#page(number, isOverflow, pages)
    if (bytes.readUInt32LE(20) !== pages) {
      throw new PageFault(
        `page ${number} says that it goes over ${bytes.readUInt32LE(20)} pages, not ${pages}`,
      )
    }
    counts.overflowPages += pages
    return bytes.subarray(headBytes, headBytes + size)
  }

  async #page(number: number, kind: number, pages = 1): Promise<Buffer> {
    if (!Number.isSafeInteger(number) || number < 2 || number + pages - 1 > this.#lastPage) {
      throw new PageFault(`page ${number} is named, and the last one is ${this.#lastPage}`)
    }
    for (let each = number; each < number + pages; each++) {
      const byte = Math.floor(each / 8)
      const bit = 1 << (each % 8)
      if ((this.#seen[byte] as number) & bit) throw new PageFault(`page ${each} is used twice`)
      this.#seen[byte] = (this.#seen[byte] as number) | bit
    }
    const bytes = Buffer.alloc(pages * this.#pageBytes)
    const { bytesRead } = await this.#handle.read(bytes, 0, bytes.byteLength, number * this.#pageBytes)
    if (bytesRead < bytes.byteLength) throw new PageFault(`page ${number} lies beyond the end of the file`)
    if (Number(bytes.readBigUInt64LE(0)) !== number || bytes.readUInt16LE(18) !== kind) {
      throw new PageFault(`page ${number} is another page, or of another kind, than it must be`)
    }
    return bytes
  }
}

function parseTree(bytes: Buffer): Tree {
  return {
    depth: bytes.readUInt16LE(6),
    branchPages: Number(bytes.readBigUInt64LE(8)),
    leafPages: Number(bytes.readBigUInt64LE(16)),
    overflowPages: Number(bytes.readBigUInt64LE(24)),
    entries: Number(bytes.readBigUInt64LE(32)),
    root: bytes.readBigUInt64LE(40),
  }
}

/** Each from its start to the end of the page. */
function nodesOf(page: Buffer, number: number): Buffer[] {
  const placesEnd = headBytes + page.readUInt16LE(20)
  const nodesStart = headBytes + page.readUInt16LE(22)
  if (placesEnd > nodesStart || nodesStart > page.byteLength || placesEnd % 2 !== 0) {
    throw new PageFault(`page ${number} has places and nodes that overlap`)
  }
  const nodes: Buffer[] = []
  for (let at = headBytes; at < placesEnd; at += 2) {
    const node = page.subarray(headBytes + page.readUInt16LE(at))
    if (headBytes + page.readUInt16LE(at) < nodesStart || node.byteLength < nodeHeadBytes) {
      throw new PageFault(`page ${number} has a node outside of its nodes`)
    }
    if (nodeHeadBytes + node.readUInt16LE(6) > node.byteLength) {
      throw new PageFault(`page ${number} has a key that is cut off`)
    }
    nodes.push(node)
  }
  return nodes
}

function childOf(node: Buffer): number {
  return node.readUInt16LE(0) + node.readUInt16LE(2) * 2 ** 16 + node.readUInt16LE(4) * 2 ** 32
}
