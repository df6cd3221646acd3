import { testEngine } from '../../engine-suite.js'
import { openUnderTest } from './under-test-suite.js'

testEngine('disk', () => openUnderTest('fsync'))
testEngine('disk, durability os', () => openUnderTest('os'))
