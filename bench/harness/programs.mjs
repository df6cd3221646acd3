import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Debian has servers; only root's PATH looks there. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin']

/** @returns the path of a program, or undefined */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...serverFolders]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
