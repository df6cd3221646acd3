import type { Exchange } from './pair.js'

/** Takes down what both servers agreed on, so that what is asked next is about something. */
export function learn({ operation, channel, world, here, reference }: Exchange): void {
  if (here.status !== reference.status) return
  const made = world.channels.get(operation.channel)
  if (operation.method === 'PUT' && here.status === 201 && made) {
    made.isClosed = here.headers['stream-closed'] === 'true'
  }
  if (!channel) return
  if (operation.method === 'DELETE' && here.status === 204) channel.isDeleted = true
  if (operation.method === 'POST' && here.status < 300)
    learnAppend({ operation, channel, world, here, reference })
  if (operation.method !== 'GET' || here.status !== 200) return
  const tag = { here: here.headers.etag, reference: reference.headers.etag }
  if (here.parts === 1 && tag.here !== undefined && tag.reference !== undefined && channel.tags.length < 20) {
    channel.tags.push({ query: operation.query ?? [], tag: { here: tag.here, reference: tag.reference } })
  }
}

function learnAppend({ operation, channel, here }: Omit<Exchange, 'differences'>): void {
  if (!channel) return
  if (here.headers['stream-closed'] === 'true') channel.isClosed = true
  const { 'producer-id': id, 'producer-epoch': epoch } = operation.headers ?? {}
  const lastSeq = here.headers['producer-seq']
  if (typeof id === 'string' && typeof epoch === 'string' && lastSeq !== undefined) {
    channel.producers.set(id, { epoch: Number(epoch), lastSeq: Number(lastSeq) })
  }
}
