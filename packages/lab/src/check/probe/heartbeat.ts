/** The server's default, for a server that does not tell. */
export const usualHeartbeatMs = 15_000

/** @returns what a `welcome` envelope says, milliseconds; undefined for any other frame */
export function heartbeatOf(frame: string): number | undefined {
  try {
    const envelope: unknown = JSON.parse(frame)
    if (typeof envelope !== 'object' || envelope === null) return undefined
    if (!('type' in envelope) || envelope.type !== 'welcome' || !('heartbeatMs' in envelope)) return undefined
    return typeof envelope.heartbeatMs === 'number' ? envelope.heartbeatMs : undefined
  } catch {
    return undefined
  }
}
