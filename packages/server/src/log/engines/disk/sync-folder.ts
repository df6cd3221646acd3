import { mkdir, open, rename } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows can't open a folder; NTFS keeps its own journal of names.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a folder with all that lead to it, each of them there after a power cut. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  const highest = dirname(resolve(first))
  let at = dirname(resolve(folder))
  while (at !== highest && at !== dirname(at)) {
    await syncFolder(at)
    at = dirname(at)
  }
  await syncFolder(highest)
}

/** Writes a small file whole or not at all, and for good. */
export async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  const next = join(folder, `${name}.new`)
  const handle = await open(next, 'w', 0o644)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(next, join(folder, name))
  await syncFolder(folder)
}
