// @ts-check
import { KSIGHT } from '../ksight.mjs'
import { startThreads } from '../load.mjs'

const COUNT = 1000

const PROCESS = `$(pgrep -xP ${process.pid} threads)`

/** @param {string} command */
const shell = (command) => ['sh', '-c', `${command} 2>/dev/null`]

/** @type {import('../compare.mjs').Case} */
export default {
  title: `The stacks of a process with ${COUNT} threads (gdb and eu-stack stop it, and show user stacks only)`,
  prepare: () => startThreads(COUNT),
  contenders: [
    {
      name: 'ksight stack --each',
      command: shell(`${KSIGHT} stack --each ${PROCESS}`),
      check: (output) => (output.match(/user mode/g)?.length ?? 0) >= COUNT,
      wantedPeak: 250,
    },
    {
      name: 'gdb thread apply all bt',
      command: shell(`gdb -nx -batch -p ${PROCESS} -ex 'thread apply all bt'`),
      check: (output) => (output.match(/^Thread/gm)?.length ?? 0) >= COUNT,
      wantedRatio: 1,
    },
    {
      name: 'eu-stack',
      command: shell(`eu-stack -p ${PROCESS}`),
      check: (output) => (output.match(/^TID/gm)?.length ?? 0) >= COUNT,
      wantedRatio: 1,
    },
  ],
}
