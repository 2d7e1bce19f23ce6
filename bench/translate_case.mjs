// @ts-check
import { KSIGHT } from './ksight.mjs'
import { startPages } from './load.mjs'

/**
 * Every mapped page of a process, beside the kernel's own walk for /proc/PID/smaps.
 * @param {number} count of pages in memory
 * @param {number} times how often each is mapped
 * @returns {Promise<import('./compare.mjs').Case>}
 */
export async function translateCase(count, times) {
  const { pid, end } = await startPages(count, times)
  const size = (count * times) / 2 ** 18
  return {
    title: `Every page of a process that has mapped ${size} GiB`,
    prepare: async () => end,
    contenders: [
      {
        name: 'ksight translate --all --json',
        command: [KSIGHT, 'translate', '-p', String(pid), '--all', '--json'],
        check: (output) => JSON.parse(output).sizes[0].count >= count * times,
      },
      {
        name: 'cat /proc/PID/smaps',
        command: ['cat', `/proc/${pid}/smaps`],
        check: (output) => output.includes('VmFlags'),
        wantedRatio: 1,
      },
    ],
  }
}
