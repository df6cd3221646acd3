export { formatLine, formatTranscript, mostLines, Transcript, transcriptOf } from './transcript.js'
export type { TranscriptLine } from './transcript-line.js'
