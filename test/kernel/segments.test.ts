import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { getGateVma } from '../../src/kernel/gate_vma.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { taskMm } from '../../src/kernel/mm.js'
import { processSegments, type Segment } from '../../src/kernel/segments.js'
import { vmFlagNames } from '../../src/kernel/vm_flags.js'
import { listVmas } from '../../src/kernel/vma_summary.js'
import { openLive } from '../../src/live/open_live.js'
import { ScratchDirectory } from '../support/files.js'
import { layoutParts, partsAgainst } from '../support/layout.js'
import { describeLive } from '../support/live.js'
import { mapsLine, mapsLines } from '../support/maps.js'
import { procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'
import { isInSmaps, smapsFlags } from '../support/vm_flags.js'

async function startLayout(directory: ScratchDirectory): Promise<Running> {
  const file = join(directory.path, 'file')
  writeFileSync(file, '')
  truncateSync(file, 8192)
  return Running.start(compile('layout'), [file])
}

function segmentsOf(kernel: Kernel, pid: number): Segment[] {
  return processSegments(kernel, kernel.findTask(pid)!, kernel.current.fs.root)
}

describeLive('a program that knows its layout', () => {
  test('is named rightly', async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    await using running = await startLayout(directory)
    const segments = segmentsOf(kernel, running.pid)
    const parts = layoutParts(running.lines)
    expect(parts.length).toBeGreaterThan(30)
    expect(partsAgainst(parts, segments)).toEqual([])

    const program = segments.filter(({ isProgram }) => isProgram)
    expect(program.map(({ kind }) => kind)).toEqual([
      'rodata',
      'text',
      'rodata',
      'relro',
      'data',
      'bss',
    ])
    expect(new Set(program.map(({ image }) => image))).toEqual(new Set([compile('layout')]))
    const stack = segments.find(({ kind }) => kind === 'stack')!
    expect(stack.threads.map(({ tid }) => tid)).toEqual([running.pid])
  })

  test('has the mappings of /proc, the kernel’s own page at the end', async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    await using running = await startLayout(directory)
    const mm = taskMm(kernel.findTask(running.pid)!)!
    const gate = getGateVma(kernel, mm)
    const seen = [...segmentsOf(kernel, running.pid), ...(gate === undefined ? [] : [gate])]
    expect(seen.map(mapsLine)).toEqual(mapsLines(procText(`${running.pid}/maps`)!))
  })

  test('has the flags of smaps', async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    await using running = await startLayout(directory)
    const smaps = smapsFlags(procText(`${running.pid}/smaps`)!)
    const vmas = listVmas(kernel, taskMm(kernel.findTask(running.pid)!)!)
    const all = new Set<string>()
    for (const { start, end, flags } of vmas) {
      const names = vmFlagNames(kernel, flags).filter(isInSmaps)
      for (const name of names) all.add(name)
      const range = `${start.toString(16)}-${end.toString(16)}`
      expect([range, ...names.sort()]).toEqual([range, ...smaps.get(range)!.sort()])
    }
    expect(all.size).toBeGreaterThan(15)
  })

  test('a kernel thread has no segments', () => {
    using kernel = openLive()
    expect(segmentsOf(kernel, 2)).toEqual([])
  })
})
