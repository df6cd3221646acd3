import { isAbsolute } from 'node:path'
import { Problem } from '@tidings/protocol'

/**
 * Where a backup is to go: `{"folder":"/backup/monday"}`.
 *
 * @throws Problem `backup-refused`
 */
export function backupFolderOf(body: Buffer): string {
  const folder = folderOf(body)
  if (typeof folder === 'string' && isAbsolute(folder) && !folder.includes('\0')) return folder
  throw new Problem('backup-refused', 'Send {"folder": an absolute path of this machine}.')
}

function folderOf(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return typeof value === 'object' && value !== null && 'folder' in value ? value.folder : undefined
  } catch {
    return undefined
  }
}
