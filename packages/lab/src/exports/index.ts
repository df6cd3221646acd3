export { diagramPng } from './diagram-png.js'
export { diagramSvg } from './diagram-svg.js'
export { download, fileNameOf } from './download.js'
export {
  type MeasurementRow,
  type Measurements,
  measurementRows,
  measurementsCsv,
  measurementsJson,
} from './measurements.js'
