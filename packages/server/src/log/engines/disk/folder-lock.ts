/// <reference path="./fs-native-extensions.d.ts" />
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Problem } from '@tidings/protocol'
import { tryLock } from 'fs-native-extensions'

/** Who holds a folder: told to the one who is refused, never what decides. */
interface Holder {
  readonly pid: number
  readonly host: string
  readonly since: string
}

/**
 * One server per data folder. The lock is the operating system's, on an open file: it ends with the process,
 * however that ends. A process id in a file would not do: in containers every one is 1.
 *
 * @throws Problem `storage-unavailable`, naming the process that holds the folder
 */
export class FolderLock {
  readonly #file: FileHandle

  private constructor(file: FileHandle) {
    this.#file = file
  }

  static async take(folder: string): Promise<FolderLock> {
    const file = await open(join(folder, 'lock'), constants.O_RDWR | constants.O_CREAT, 0o644)
    try {
      if (!tryLock(file.fd)) throw heldBy(folder, await readHolder(file))
      await writeHolder(file)
      return new FolderLock(file)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async release(): Promise<void> {
    await this.#file.truncate(0)
    await this.#file.close()
  }
}

async function writeHolder(file: FileHandle): Promise<void> {
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  const text = Buffer.from(`${JSON.stringify(holder)}\n`)
  await file.write(text, 0, text.byteLength, 0)
  await file.truncate(text.byteLength)
}

/** @returns undefined when the holder has not said yet who it is */
async function readHolder(file: FileHandle): Promise<Partial<Holder> | undefined> {
  const bytes = Buffer.alloc(1024)
  const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, 0)
  try {
    const holder: unknown = JSON.parse(bytes.toString('utf8', 0, bytesRead))
    return typeof holder === 'object' && holder !== null ? holder : undefined
  } catch {
    return undefined
  }
}

function heldBy(folder: string, holder: Partial<Holder> | undefined): Problem {
  const who = holder
    ? `process ${holder.pid} on host ${holder.host}, since ${holder.since}`
    : 'another process, which has not written its name into the lock file yet'
  return new Problem(
    'storage-unavailable',
    `The data folder ${folder} is in use by ${who}. One server at a time can use it: stop that one, or name another folder with --data or TIDINGS_DATA.`,
  )
}
