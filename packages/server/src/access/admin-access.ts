import { randomBytes, timingSafeEqual } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@tidings/protocol'
import { isLoopbackHost } from './loopback.js'

/** In the data folder: whoever can read the log there may ask for a copy of it. */
export const adminTokenFile = 'admin-token'

/** What a request says of who sends it. */
export interface AdminRequest {
  /** The address that the connection comes from. */
  readonly peer: string | undefined
  readonly authorization: string | undefined
  readonly origin: string | undefined
}

/**
 * Who may tell the server to do something to its machine, such as writing a backup somewhere: a program on
 * this machine that can read the data folder, where each start of the server puts another token for it.
 * The address alone would not do: behind a proxy everybody comes from loopback. No web page may, whatever its
 * origin.
 */
export class AdminAccess {
  readonly #token: string | undefined

  private constructor(token: string | undefined) {
    this.#token = token
  }

  /** @param folder the data folder; without one nobody may */
  static async open(folder: string | undefined): Promise<AdminAccess> {
    if (folder === undefined) return new AdminAccess(undefined)
    const token = randomBytes(32).toString('base64url')
    const file = join(folder, adminTokenFile)
    // Made anew: the rights of a file that is there would stay as they are.
    await rm(file, { force: true })
    await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx' })
    return new AdminAccess(token)
  }

  /** @throws Problem `admin-refused` */
  check({ peer, authorization, origin }: AdminRequest): void {
    const isLocal = peer !== undefined && isLoopbackHost(peer.replace(/^::ffff:/, ''))
    if (isLocal && origin === undefined && this.#isToken(authorization)) return
    throw new Problem(
      'admin-refused',
      `Ask from this machine, with the token that is in the data folder (${adminTokenFile}), as "tidings backup" does.`,
    )
  }

  #isToken(authorization: string | undefined): boolean {
    if (this.#token === undefined || authorization === undefined) return false
    const expected = Buffer.from(`Bearer ${this.#token}`)
    const given = Buffer.from(authorization)
    return given.byteLength === expected.byteLength && timingSafeEqual(given, expected)
  }
}
