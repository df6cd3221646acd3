import { constants } from 'node:os'
import { Problem } from '@tidings/protocol'

/** No space on the disk, or none that this user may still have. */
const fullErrnos: ReadonlySet<number> = new Set([constants.errno.ENOSPC, constants.errno.EDQUOT])
const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

/** Whether the file system has no room, by what it or LMDB said. */
export function isFull(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null) return false
  const { code, errno } = cause as { code?: unknown; errno?: unknown }
  if (typeof code === 'string' && fullCodes.has(code)) return true
  return [code, errno].some((number) => typeof number === 'number' && fullErrnos.has(Math.abs(number)))
}

/** Why a data folder keeps no more, and what to do. */
export function writeFailure(folder: string, cause: unknown): Problem {
  const isOver =
    'so it takes no more until the server is started again. Nothing that was acknowledged is lost.'
  if (isFull(cause)) {
    return new Problem(
      'storage-full',
      `The disk of the data folder ${folder} is full, ${isOver} Free space there, then restart.`,
      {},
      { cause },
    )
  }
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Problem(
    'storage-unavailable',
    `The data folder ${folder} could not keep a commit (${reason}), ${isOver} Look at the disk, then restart.`,
    {},
    { cause },
  )
}
