/** The paths of one channel, where two loads run beside each other: the numbers of each begin at 0. */
export function inChannel(channel, peer, form) {
  const filled = (path) => path.replace('{c}', channel)
  return { path: filled(form.load.path), publishPath: filled(peer.publish.http.publishPath) }
}
