import { type Way, ways } from '@tidings/protocol'
import { readTheme } from '../../diagram/index.js'
import {
  diagramPng,
  diagramSvg,
  download,
  fileNameOf,
  type Measurements,
  measurementRows,
  measurementsCsv,
  measurementsJson,
} from '../../exports/index.js'
import { formatTranscript } from '../../transcript/index.js'
import type { Lab } from '../state/lab.js'
import { serverNowMs } from '../state/server-now.js'
import { wayTitle } from '../ways.js'

/** A lane's diagram as it stands now. */
export function saveSvg({ session, diagrams }: Lab, way: Way): void {
  const canvas = canvasOf(way)
  const view = diagrams.view(way)
  const list = view?.displayList
  if (!canvas || !view || !list) return
  const scene = {
    lane: session.lane(way),
    viewport: view.viewport,
    nowMs: serverNowMs(session),
    size: list.size,
    selected: view.selected,
  }
  save(way, 'svg', 'image/svg+xml', diagramSvg(scene, readTheme(canvas)))
}

export async function savePng({ announcement }: Lab, way: Way): Promise<void> {
  const canvas = canvasOf(way)
  if (!canvas) return
  try {
    download(fileNameOf(way, new Date(), 'png'), await diagramPng(canvas))
  } catch (error) {
    announcement.value = error instanceof Error ? error.message : 'There is no picture of it.'
  }
}

export function saveCsv(lab: Lab): void {
  save('measurements', 'csv', 'text/csv', measurementsCsv(measurementRows(measurementsOf(lab))))
}

export function saveJson(lab: Lab): void {
  save('measurements', 'json', 'application/json', measurementsJson(measurementsOf(lab)))
}

export function saveTranscript({ transcripts }: Lab): void {
  transcripts.update()
  const texts = ways.map((way) => `${wayTitle[way]}\n\n${formatTranscript(transcripts.linesOf(way))}`)
  save('transcript', 'txt', 'text/plain', texts.join('\n'))
}

function measurementsOf({ session, snapshot, choices }: Lab): Measurements {
  const { settings, workload } = choices.value
  return {
    takenAt: new Date().toISOString(),
    serverOrigin: location.origin,
    userAgent: navigator.userAgent,
    clock: session.clock,
    settings,
    workload,
    lanes: snapshot.value.figures,
  }
}

function save(what: string, extension: string, type: string, text: string): void {
  download(fileNameOf(what, new Date(), extension), new Blob([text], { type: `${type};charset=utf-8` }))
}

function canvasOf(way: Way): HTMLCanvasElement | null {
  return document.querySelector<HTMLCanvasElement>(`[data-way="${way}"] canvas`)
}
