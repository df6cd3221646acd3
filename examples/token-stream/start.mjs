import { runExample } from '../shared/run-example.mjs'

await runExample('token-stream', 4444, () => import('./token-stream.mjs'))
