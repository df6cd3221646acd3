/** The four ways in which a client hears from a server, as users name them. */
export const ways = ['short-poll', 'long-poll', 'sse', 'websocket'] as const

export type Way = (typeof ways)[number]

export function isWay(text: string): text is Way {
  return (ways as readonly string[]).includes(text)
}

/** The values of the `live` query parameter. Short polling has none: it is a plain GET, asked again. */
export const liveModes = ['long-poll', 'sse', 'websocket'] as const

export type LiveMode = (typeof liveModes)[number]

export function isLiveMode(text: string): text is LiveMode {
  return (liveModes as readonly string[]).includes(text)
}
