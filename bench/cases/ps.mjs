// @ts-check
import { KSIGHT } from '../ksight.mjs'

/** Process 1 and kthreadd are on every machine. @param {string} output */
const hasProcesses = (output) => /kthreadd/.test(output)

/** @type {import('../compare.mjs').Case} */
export default {
  title: 'Every process of an idle machine: the time to the first table',
  contenders: [
    { name: 'ksight ps', command: [KSIGHT, 'ps'], check: hasProcesses, wantedWall: 150 },
    {
      name: 'ksight ps, nothing cached',
      command: [KSIGHT, 'ps'],
      check: hasProcesses,
      coldCache: true,
      wantedWall: 250,
    },
    { name: 'ps -ef', command: ['ps', '-ef'], check: hasProcesses },
  ],
}
