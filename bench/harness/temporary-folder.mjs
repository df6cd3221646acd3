import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders = new Set()
let isRemovedOnExit = false

/** A server's data and settings. Removed by `removeFolder`, or when this process ends. */
export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-bench-'))
  if (!isRemovedOnExit) process.once('exit', removeAll)
  isRemovedOnExit = true
  folders.add(folder)
  return folder
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  folders.delete(folder)
}

function removeAll() {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
