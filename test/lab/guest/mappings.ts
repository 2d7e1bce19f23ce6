// What a guest is asked of address spaces. usage: mappings LAYOUT-PROGRAM MANY-PROGRAM. Prints JSON.
import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  forEachVmapArea,
  getGateVma,
  listVmas,
  processSegments,
  taskMm,
  vmFlagNames,
} from '../../../src/index.js'
import type { Kernel } from '../../../src/kernel/kernel.js'
import { openLive } from '../../../src/live/open_live.js'
import { agreeing } from '../../support/agree.js'
import { compareMaps, compareSizes, maps } from '../../support/compare_mappings.js'
import { layoutParts, partsAgainst } from '../../support/layout.js'
import { mapsLine, mapsLines } from '../../support/maps.js'
import { processes, procText } from '../../support/proc.js'
import { Running } from '../../support/program.js'
import { isInSmaps, smapsFlags } from '../../support/vm_flags.js'

const TRIES = 10

async function everyProcess(kernel: Kernel, compare: typeof compareMaps) {
  const found: string[] = []
  const pids = processes().filter((pid) => pid !== process.pid && maps(pid) !== undefined)
  for (const pid of pids) found.push(...(await agreeing(TRIES, () => compare(kernel, pid))))
  return { processes: pids.length, found }
}

async function layout(kernel: Kernel, program: string) {
  const file = join(mkdtempSync(join(tmpdir(), 'layout-')), 'file')
  writeFileSync(file, '')
  truncateSync(file, 8192)
  // What a guest without huge pages cannot map is left out.
  writeFileSync('/proc/sys/vm/nr_hugepages', '2')
  await using running = await Running.start(program, [file])
  const task = kernel.findTask(running.pid)!
  const segments = processSegments(kernel, task, kernel.current.fs.root)
  const gate = getGateVma(kernel, taskMm(task)!)
  return {
    parts: running.lines,
    wrong: partsAgainst(layoutParts(running.lines), segments),
    maps: mapsLines(procText(`${running.pid}/maps`)!),
    seen: [...segments, ...(gate === undefined ? [] : [gate])].map(mapsLine),
    program: segments.filter(({ isProgram }) => isProgram).map(({ kind }) => kind),
    flags: flagsOf(kernel, running.pid),
  }
}

/** The flags of each mapping, as ksight and as smaps show them. */
function flagsOf(kernel: Kernel, pid: number) {
  const smaps = smapsFlags(procText(`${pid}/smaps`)!)
  return listVmas(kernel, taskMm(kernel.findTask(pid)!)!).map(({ start, end, flags }) => {
    const range = `${start.toString(16)}-${end.toString(16)}`
    const seen = vmFlagNames(kernel, flags).filter(isInSmaps).sort().join(' ')
    return { range, seen, smaps: smaps.get(range)?.sort().join(' ') }
  })
}

async function manyVmas(kernel: Kernel, program: string) {
  const file = join(mkdtempSync(join(tmpdir(), 'many-')), 'file')
  writeFileSync(file, '')
  truncateSync(file, 5000 * 4096)
  await using running = await Running.start(program, ['5000', '5000', file])
  return { count: maps(running.pid)!.length, found: compareMaps(kernel, running.pid) }
}

/** The areas of vmalloc, as ksight and as the kernel show them, before and after. */
function vmapAreas(kernel: Kernel) {
  writeFileSync('/proc/sys/kernel/kptr_restrict', '1')
  const before = vmallocinfo()
  const seen = [...forEachVmapArea(kernel)].map(({ va_start, va_end }) => {
    return `0x${va_start.toString(16)}-0x${va_end.toString(16)}`
  })
  const after = vmallocinfo()
  return { count: seen.length, seen, before, after }
}

function vmallocinfo(): string[] {
  const lines = readFileSync('/proc/vmallocinfo', 'utf8').trimEnd().split('\n')
  return lines
    .filter((line) => !line.includes('unpurged'))
    .map((line) => line.split(' ', 1)[0]!)
    .sort()
}

const [layoutProgram, manyProgram] = process.argv.slice(2)
using kernel = openLive({ via: 'bpf' })
const answers = {
  maps: await everyProcess(kernel, compareMaps),
  sizes: await everyProcess(kernel, compareSizes),
  layout: await layout(kernel, layoutProgram!),
  many: await manyVmas(kernel, manyProgram!),
  vmap: vmapAreas(kernel),
}
console.log(JSON.stringify(answers))

export type Answers = typeof answers
