/** In the order in which they are shown. */
export const checkIds = ['short-poll', 'long-poll', 'sse', 'websocket', 'idle', 'connections'] as const

export type CheckId = (typeof checkIds)[number]
