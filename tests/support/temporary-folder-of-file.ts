import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A folder for all tests of a file; called before the file's other hooks, it is removed after theirs. */
export function temporaryFolderOfFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
