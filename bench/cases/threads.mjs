// @ts-check
import { KSIGHT } from '../ksight.mjs'
import { startThreads } from '../load.mjs'

const COUNT = 20_000

/** @type {import('../compare.mjs').Case} */
export default {
  title: `Every thread of the machine, with ${COUNT} asleep`,
  prepare: () => startThreads(COUNT),
  contenders: [
    {
      name: 'ksight threads --json',
      command: [KSIGHT, 'threads', '--json'],
      check: (output) => JSON.parse(output).length >= COUNT,
      wantedPeak: 200,
    },
    {
      name: 'ps -eLf',
      command: ['ps', '-eLf'],
      check: (output) => output.split('\n').length > COUNT,
      wantedRatio: 8,
    },
  ],
}
