/**
 * One request of the protocol as it is sent to two servers: all of it is data, so that a run can be told, cut
 * short and played again. Offsets and entity tags are each server's own, so an operation names them by when they
 * were told.
 */
export interface Operation {
  readonly method: 'PUT' | 'POST' | 'GET' | 'HEAD' | 'DELETE'
  readonly channel: string
  readonly query?: readonly (readonly [string, Value])[]
  readonly headers?: Readonly<Record<string, Value>>
  /** One character for each byte. */
  readonly body?: string
  /** An append that is sent while this, a held poll, waits. */
  readonly meanwhile?: Operation
}

export type Value = string | ToldOffset | ToldTag

/** An offset that a channel told, counted round its list; `stale`: before it was deleted and made again. */
export interface ToldOffset {
  readonly told: number
  readonly of: string
  readonly stale?: boolean
}

/** An `ETag` that a read of the channel told. */
export interface ToldTag {
  readonly tag: number
  readonly of: string
}

export const pathOf = (channel: string) => `/v1/stream/${channel}`

/** The channels that an operation touches. */
export function channelsOf(operation: Operation): string[] {
  const values = [
    ...Object.values(operation.headers ?? {}),
    ...(operation.query ?? []).map(([, value]) => value),
  ]
  const named = values.flatMap((value) => {
    if (typeof value !== 'string') return [value.of]
    return value.startsWith(pathOf('')) ? [value.slice(pathOf('').length)] : []
  })
  return [operation.channel, ...named, ...(operation.meanwhile ? channelsOf(operation.meanwhile) : [])]
}

/** A line that a person can play again. */
export function describe(operation: Operation): string {
  const { method, channel, query = [], headers = {}, body, meanwhile } = operation
  const search = query.map(([name, value]) => `${name}=${describeValue(value)}`).join('&')
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${describeValue(value)}`)
  const shownBody =
    body === undefined || body.length < 300 ? body : `${body.slice(0, 20)}… (${body.length} bytes)`
  return [
    `${method} ${pathOf(channel)}${search && `?${search}`}`,
    ...head,
    ...(shownBody === undefined ? [] : [JSON.stringify(shownBody)]),
    ...(meanwhile ? [`and while it waits: ${describe(meanwhile)}`] : []),
  ].join('  ')
}

function describeValue(value: Value): string {
  if (typeof value === 'string') return value
  if ('tag' in value) return `<tag ${value.tag} of ${value.of}>`
  return `<offset ${value.told} of ${value.of}${value.stale ? ' before it was deleted' : ''}>`
}
