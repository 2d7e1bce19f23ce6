// @ts-check
// usage: pagemap.mjs PID: prints the pages of a process that are in memory, an address and a PFN a line.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

const [pid] = process.argv.slice(2)
const fd = openSync(`/proc/${pid}/pagemap`, 'r')
const lines = []
for (const [, from, to] of readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(/^(\w+)-(\w+) /gm)) {
  // The vsyscall page has no entry.
  if (from?.startsWith('ffff')) continue
  const first = Number(`0x${from}`) / 4096
  const entries = new BigUint64Array(Number(`0x${to}`) / 4096 - first)
  // Reserved address space of gigabytes is not looked at as a whole.
  const bytes = new Uint8Array(entries.buffer, 0, Math.min(entries.byteLength, 2 ** 24))
  readSync(fd, bytes, 0, bytes.length, first * 8)
  for (const [i, entry] of entries.subarray(0, bytes.length / 8).entries()) {
    // Bit 63: present; bits 54:0: the PFN.
    if (entry >> 63n === 1n)
      lines.push(`${(first + i).toString(16)} ${(entry & (2n ** 55n - 1n)).toString(16)}`)
  }
}
closeSync(fd)
console.log(lines.join('\n'))
