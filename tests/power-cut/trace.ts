/** What trace.c wrote down, and the notes that the load put between: one operation after the other. */
export type Operation =
  | { readonly kind: 'create'; readonly inode: bigint; readonly path: string }
  | {
      readonly kind: 'write'
      readonly inode: bigint
      readonly at: number
      readonly bytes: Buffer
      /** Set when this write syncs itself; done with `sync-done` of this number. */
      readonly sync: bigint | undefined
    }
  | { readonly kind: 'sync-begin'; readonly inode: bigint; readonly sync: bigint }
  | { readonly kind: 'sync-done'; readonly sync: bigint }
  | { readonly kind: 'truncate'; readonly inode: bigint; readonly size: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'make-folder'; readonly inode: bigint; readonly path: string }
  | { readonly kind: 'note'; readonly note: Note }

/** What the load was told, written down after it was told. */
export type Note =
  | { readonly told: 'refused'; readonly code: string }
  | { readonly told: 'created' | 'removing' | 'removed'; readonly channel: string; readonly history: number }
  | {
      readonly told: 'appended'
      readonly channel: string
      readonly publisher: number
      /** Counts the messages of this publisher in this channel, from 0. */
      readonly n: number
      readonly nextOffset: string
    }
  /** Where readers were told that the channel begins. */
  | {
      readonly told: 'earliest'
      readonly channel: string
      readonly history: number
      readonly earliest: number
    }

const headerBytes = 24
/** In trace.c too, but for notes. */
const kinds = {
  1: 'create',
  2: 'write',
  3: 'sync-begin',
  4: 'sync-done',
  5: 'truncate',
  6: 'rename',
  7: 'remove',
  8: 'make-folder',
  9: 'remove',
  100: 'note',
} as const

export function parseTrace(bytes: Buffer): Operation[] {
  const operations: Operation[] = []
  let at = 0
  while (at < bytes.byteLength) {
    const length = bytes.readUInt32LE(at)
    const kind = kinds[bytes.readUInt32LE(at + 4) as keyof typeof kinds]
    const inode = bytes.readBigUInt64LE(at + 8)
    const number = bytes.readBigUInt64LE(at + 16)
    const body = bytes.subarray(at + headerBytes, at + headerBytes + length)
    operations.push(parseOperation(kind, inode, number, body))
    at += headerBytes + length
  }
  return operations
}

function parseOperation(kind: Operation['kind'], inode: bigint, number: bigint, body: Buffer): Operation {
  switch (kind) {
    case 'create':
    case 'make-folder':
      return { kind, inode, path: pathsOf(body)[0] as string }
    case 'write': {
      const sync = body.readBigUInt64LE(0)
      return { kind, inode, at: Number(number), bytes: body.subarray(8), sync: sync || undefined }
    }
    case 'sync-begin':
      return { kind, inode, sync: number }
    case 'sync-done':
      return { kind, sync: number }
    case 'truncate':
      return { kind, inode, size: Number(number) }
    case 'rename': {
      const [from, to] = pathsOf(body) as [string, string]
      return { kind, from, to }
    }
    case 'remove':
      return { kind, path: pathsOf(body)[0] as string }
    case 'note':
      return { kind, note: JSON.parse(body.toString('utf8')) as Note }
  }
}

function pathsOf(body: Buffer): string[] {
  return body.toString('utf8').split('\0')
}
