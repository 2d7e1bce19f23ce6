import { vmPermissions } from '../../src/kernel/vm_flags.js'
import type { VmaSummary } from '../../src/kernel/vma_summary.js'

/** A mapping as a line of /proc/PID/maps, without the spaces that fill up columns. */
export function mapsLine({ start, end, flags, offset, file, name }: VmaSummary): string {
  const hex = (value: bigint | number, digits: number) => value.toString(16).padStart(digits, '0')
  const device = `${hex(file?.major ?? 0, 2)}:${hex(file?.minor ?? 0, 2)}`
  const line = `${hex(start, 8)}-${hex(end, 8)} ${vmPermissions(flags)} ${hex(offset, 8)} ${device} ${file?.inode ?? 0}`
  return name === undefined ? line : `${line} ${name.replaceAll('\n', '\\012')}`
}

/** The lines of /proc/PID/maps, without the spaces that fill up columns. */
export function mapsLines(text: string): string[] {
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line) => line.replace(/^((?:\S+ ){4}\S+) +/, '$1 ').replace(/ $/, ''))
}
