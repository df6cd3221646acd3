import { Problem } from '@tidings/protocol'

/**
 * For who looks at many channels: what one of them holds may be damaged. Whoever asks for that one is told, and
 * the others are not to suffer.
 *
 * @returns undefined where what is stored is damaged
 */
export function unlessDamaged<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (isDamage(error)) return undefined
    throw error
  }
}

export function isDamage(error: unknown): boolean {
  return error instanceof Problem && error.code === 'storage-damaged'
}
