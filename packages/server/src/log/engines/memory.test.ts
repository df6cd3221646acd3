import { testEngine } from '../engine-suite.js'
import { MemoryEngine } from './memory.js'

const reason = 'it keeps nothing outside of this process, where a bit could change or a write could fail'
testEngine('memory', async () => ({ engine: new MemoryEngine(), dispose: async () => {} }), [
  { test: 'a batch in which one bit was changed is refused, and what stands before it is not', reason },
  { test: 'a commit that fails leaves nothing behind, and no commit is taken after it', reason },
])
