import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Random } from './random.js'
import type { Operation } from './trace.js'

/** What a disk writes whole or not at all. */
const sectorBytes = 512

interface Write {
  readonly at: number
  readonly bytes: Buffer
  isSynced: boolean
}

interface Folder {
  readonly kind: 'folder'
  readonly entries: Map<string, Node>
  /** Changes of names in this folder, in order; a sync of the folder covers all before it. */
  readonly changes: NameChange[]
  syncedChanges: number
}

interface File {
  readonly kind: 'file'
  readonly writes: Write[]
}

type Node = Folder | File

interface NameChange {
  readonly folder: Folder
  readonly name: string
  /** Absent: the name goes. */
  readonly node?: Node
  /** With a rename, the name that goes elsewhere, at the same time. */
  readonly also?: { readonly folder: Folder; readonly name: string }
}

/** How much of what was not synced has reached the disk all the same. */
interface Fate {
  /** A coin for each write, or for each sector of each write. */
  readonly unit: 'write' | 'sector'
  readonly survival: number
  /** Of so many changes of names, how many of the first last. */
  readonly lasting: (open: number) => number
}

/**
 * A disk that hears the operations of a trace and can tell, at any point, what a power cut there might leave:
 *
 * - What was synced is there. A sync covers what was written before it began, and counts once it is done.
 * - Of the other writes each sector is there or not, at random: dropped, torn and reordered writes are all of
 *   that. Two writes of one sector keep their order, since the operating system writes the later content.
 * - Names (made, renamed, removed) last once their own folder was synced; of the later ones a random number
 *   of the first, since file systems keep their journal of names in order. No sync of a file's content makes
 *   its name last: some file systems are kinder.
 */
export class DiskAfterCut {
  readonly #top: string
  readonly #root: Folder = makeFolder()
  readonly #byInode = new Map<bigint, Node>()
  readonly #syncs = new Map<bigint, () => void>()
  readonly #changes: NameChange[] = []

  /** @param top  the folder that the trace watches; it exists, empty, before and after */
  constructor(top: string, topInode: bigint) {
    this.#top = top
    this.#byInode.set(topInode, this.#root)
  }

  hear(operation: Operation): void {
    switch (operation.kind) {
      case 'create':
        this.#make(operation, { kind: 'file', writes: [] })
        break
      case 'make-folder':
        this.#make(operation, makeFolder())
        break
      case 'write':
        this.#write(operation)
        break
      case 'truncate':
        // Kinder than a disk: as if it were synced. Only files that hold nothing of worth are cut.
        this.#truncate(operation.inode, operation.size)
        break
      case 'sync-begin':
        this.#syncs.set(operation.sync, this.#coveredBySync(operation.inode))
        break
      case 'sync-done':
        this.#syncs.get(operation.sync)?.()
        this.#syncs.delete(operation.sync)
        break
      case 'rename':
        this.#rename(operation.from, operation.to)
        break
      case 'remove':
        this.#change(this.#find(operation.path))
        break
      case 'note':
        break
    }
  }

  /** Writes into `target` what is left when the power goes now. */
  cutInto(target: string, random: Random): void {
    const fate: Fate = {
      unit: random.pick(['write', 'sector']),
      survival: random.pick([0, 0.1, 0.5, 0.9, 1]),
      lasting: (open) => random.below(open + 1),
    }
    this.#lay(target, fate, random)
  }

  /** Writes into `target` what is there when everything reaches the disk. */
  layWhole(target: string): void {
    this.#lay(target, { unit: 'write', survival: 1, lasting: (open) => open }, new Random(0))
  }

  #lay(target: string, fate: Fate, random: Random): void {
    const lasting = new Map<Folder, number>()
    for (const { folder } of this.#changes) {
      if (lasting.has(folder)) continue
      const open = folder.changes.length - folder.syncedChanges
      lasting.set(folder, folder.syncedChanges + fate.lasting(open))
    }
    const left = new Map<Folder, Map<string, Node>>()
    const entriesOf = (folder: Folder) => {
      const entries = left.get(folder) ?? new Map<string, Node>()
      left.set(folder, entries)
      return entries
    }
    const counted = new Map<Folder, number>()
    for (const change of this.#changes) {
      const index = counted.get(change.folder) ?? 0
      counted.set(change.folder, index + 1)
      if (index >= (lasting.get(change.folder) as number)) continue
      if (change.node) entriesOf(change.folder).set(change.name, change.node)
      else entriesOf(change.folder).delete(change.name)
      if (change.also) entriesOf(change.also.folder).delete(change.also.name)
    }
    const lay = (folder: Folder, at: string) => {
      mkdirSync(at, { recursive: true })
      for (const [name, node] of entriesOf(folder)) {
        if (node.kind === 'folder') lay(node, join(at, name))
        else writeFileSync(join(at, name), contentOf(node, fate, random))
      }
    }
    lay(this.#root, target)
  }

  #make({ path, inode }: { path: string; inode: bigint }, node: Node): void {
    this.#byInode.set(inode, node)
    this.#change({ ...this.#find(path), node })
  }

  #write(operation: Operation & { kind: 'write' }): void {
    const write: Write = { at: operation.at, bytes: operation.bytes, isSynced: false }
    this.#file(operation.inode).writes.push(write)
    if (operation.sync === undefined) return
    // Only this write, not those before it.
    this.#syncs.set(operation.sync, () => {
      write.isSynced = true
    })
  }

  #truncate(inode: bigint, size: number): void {
    const { writes } = this.#file(inode)
    if (size === 0) writes.length = 0
    else writes.push({ at: size, bytes: Buffer.alloc(0), isSynced: true })
  }

  #coveredBySync(inode: bigint): () => void {
    const node = this.#byInode.get(inode)
    if (node?.kind === 'folder') {
      const covered = node.changes.length
      return () => {
        node.syncedChanges = Math.max(node.syncedChanges, covered)
      }
    }
    const covered = this.#file(inode).writes.slice()
    return () => {
      for (const write of covered) write.isSynced = true
    }
  }

  #rename(from: string, to: string): void {
    const old = this.#find(from)
    const node = old.folder.entries.get(old.name)
    if (!node) throw new Error(`The trace renames ${from}, which it did not make`)
    old.folder.entries.delete(old.name)
    this.#change({ ...this.#find(to), node, also: old })
  }

  #change(change: NameChange): void {
    if (change.node) change.folder.entries.set(change.name, change.node)
    else change.folder.entries.delete(change.name)
    change.folder.changes.push(change)
    this.#changes.push(change)
  }

  #find(path: string): { folder: Folder; name: string } {
    return { folder: this.#folderAt(dirname(path)), name: basename(path) }
  }

  #folderAt(path: string): Folder {
    if (path === this.#top) return this.#root
    const node = this.#folderAt(dirname(path)).entries.get(basename(path))
    if (node?.kind !== 'folder') throw new Error(`The trace names ${path}, which it did not make`)
    return node
  }

  #file(inode: bigint): File {
    const node = this.#byInode.get(inode)
    if (node?.kind !== 'file') throw new Error(`The trace writes to a file that it did not make`)
    return node
  }
}

function makeFolder(): Folder {
  return { kind: 'folder', entries: new Map(), changes: [], syncedChanges: 0 }
}

function contentOf(file: File, fate: Fate, random: Random): Buffer {
  const content = Buffer.alloc(Math.max(0, ...file.writes.map((write) => write.at + write.bytes.byteLength)))
  const lastSync = lastSyncOfSectors(file)
  /** Sectors of which a write was lost: later ones that were not synced are then lost too. */
  const lost = new Set<number>()
  let size = 0
  file.writes.forEach((write, index) => {
    const end = write.at + write.bytes.byteLength
    const survives = random.next() < fate.survival
    if (write.isSynced) size = Math.max(size, end)
    for (let at = write.at; at < end; ) {
      const sector = Math.floor(at / sectorBytes)
      const sectorEnd = Math.min(end, (sector + 1) * sectorBytes)
      const isThere =
        index <= (lastSync.get(sector) ?? -1) ||
        (!lost.has(sector) && (fate.unit === 'write' ? survives : random.next() < fate.survival))
      if (isThere) {
        content.set(write.bytes.subarray(at - write.at, sectorEnd - write.at), at)
        size = Math.max(size, sectorEnd)
      } else lost.add(sector)
      at = sectorEnd
    }
  })
  return content.subarray(0, size)
}

/** A synced write takes everything with it that was written to its sectors before. */
function lastSyncOfSectors(file: File): Map<number, number> {
  const last = new Map<number, number>()
  file.writes.forEach((write, index) => {
    if (!write.isSynced) return
    const end = Math.ceil((write.at + write.bytes.byteLength) / sectorBytes)
    for (let sector = Math.floor(write.at / sectorBytes); sector < end; sector++) last.set(sector, index)
  })
  return last
}
