export interface PredictionInput {
  readonly messagesPerSecond: number
  /** So many at once, then none for as long as they would have taken one by one. */
  readonly burst: number
  readonly messageBytes: number
  /** From the answer to a short poll to the next one, milliseconds. */
  readonly pollIntervalMs: number
  readonly holdSeconds: number
  /** Off: each poll comes on a connection of its own. */
  readonly isKeptAlive: boolean
  readonly requestHeadBytes: number
  /** Of an answer that brings messages, without them. */
  readonly answerHeadBytes: number
  /** An answer that brings none, all of it. */
  readonly emptyAnswerBytes: number
  /** From the page to the server and back, milliseconds. */
  readonly roundTripMs: number
}

export interface Predicted {
  readonly value: number
  /** The arithmetic, in a sentence. */
  readonly because: string
}

export interface Prediction {
  readonly requestsPerSecond: Predicted
  readonly emptyAnswersPerSecond: Predicted
  readonly connectionsPerSecond: Predicted
  readonly bytesUpPerSecond: Predicted
  readonly bytesDownPerSecond: Predicted
  /** Of all bytes, up and down, those that are messages: 0 to 1. */
  readonly payloadShare: Predicted
  readonly delayP50Ms: Predicted
  readonly delayP99Ms: Predicted
}
