import type { Way } from '@tidings/protocol'
import { type DiagramScene, layoutDiagram } from '../diagram/layout.js'
import { paintSvg } from '../diagram/svg-painter.js'
import type { Theme } from '../diagram/theme.js'

export const nameOfWay: Readonly<Record<Way, string>> = {
  'short-poll': 'short polling',
  'long-poll': 'long polling',
  sse: 'server-sent events',
  websocket: 'WebSocket',
}

/** What a lane's diagram shows now, as a document of its own. */
export function diagramSvg(scene: DiagramScene, theme: Theme): string {
  const { lane, viewport } = scene
  const list = layoutDiagram(scene)
  const atMs = viewport.mode === 'following' ? scene.nowMs : viewport.untilMs
  return paintSvg(list, theme, {
    title: `Sequence diagram of ${nameOfWay[lane.way]}`,
    description:
      `${viewport.visibleSeconds} seconds until ${new Date(atMs).toISOString()}, by the server's clock: ` +
      `${list.paths.length} arrows between client (left) and server (right); time runs downwards.`,
  })
}
