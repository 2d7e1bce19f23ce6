// @ts-check
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratch } from '../compile.mjs'
import { KSIGHT } from '../ksight.mjs'
import { startMappings } from '../load.mjs'

const COUNT = 60_000
const FILE_PAGES = 10_000

const file = join(scratch, 'mapped')
writeFileSync(file, '')
truncateSync(file, FILE_PAGES * 4096)
const { pid, end } = await startMappings(COUNT - FILE_PAGES, FILE_PAGES, file)

/** @type {import('../compare.mjs').Case} */
export default {
  title: `The address space of a process with ${COUNT} mappings, with what of each is in memory`,
  prepare: async () => end,
  contenders: [
    {
      name: 'ksight vas PID',
      command: [KSIGHT, 'vas', String(pid)],
      check: (output) => output.includes('mappings folded') && vmas(output) >= COUNT,
      wantedWall: 1000,
    },
    {
      name: 'ksight vas PID --json',
      command: [KSIGHT, 'vas', String(pid), '--json'],
      check: (output) => JSON.parse(output).totals.mappings >= COUNT,
    },
    {
      name: 'cat /proc/PID/smaps',
      command: ['cat', `/proc/${pid}/smaps`],
      check: (output) => output.split('VmFlags:').length > COUNT,
    },
    {
      name: 'pmap -X PID',
      command: ['pmap', '-X', String(pid)],
      check: (output) => output.split('\n').length > COUNT,
    },
  ],
}

/** @param {string} output */
function vmas(output) {
  return Number(/ in (\d+) VMAs/.exec(output)?.[1])
}
