export { FigureBook, type Heard } from './figure-book.js'
export { type Predicted, type Prediction, type PredictionInput, predict } from './prediction.js'
export { SequenceCheck } from './sequence-check.js'
export type { LaneFigures } from './types.js'
