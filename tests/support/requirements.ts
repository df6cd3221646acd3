import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Says whether what some tests need is on this machine; where it isn't, they are skipped and the reason is
 * printed. In CI nothing may be skipped, so that a green run means that everything ran.
 *
 * @param name    what is needed, as in "needs Chromium"
 * @param found   whether it is here
 * @param reason  what it is needed for, and what would bring it
 * @throws in CI, when it is missing
 */
export function requirement(name: string, found: boolean, reason: string): boolean {
  if (found) return true
  const sentence = `needs ${name}, which was not found here: ${reason}`
  if (process.env.CI === 'true') throw new Error(`a test ${sentence}`)
  process.stderr.write(`skipped: ${sentence}\n`)
  return false
}

/** Where Debian has servers; only root's PATH looks there. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin']

/** @returns the path of the first of these programs that is on the PATH, or where servers are, and may be run */
export function findProgram(...names: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...serverFolders]
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
