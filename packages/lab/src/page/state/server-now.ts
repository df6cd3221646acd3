import type { RunSession } from '../../session/types.js'

/** Now by the server's clock, as far as the page knows it; milliseconds since 1970 with fractions. */
export function serverNowMs({ clock }: Pick<RunSession, 'clock'>): number {
  return performance.timeOrigin + performance.now() + (clock?.offsetMs ?? 0)
}
