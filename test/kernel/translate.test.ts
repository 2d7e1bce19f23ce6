import { closeSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kill } from 'node:process'
import { expect, test } from 'vitest'
import { explain } from '../../src/cli/explanation.js'
import { type Translation, translate, whileSame } from '../../src/cli/translation.js'
import { accessProcessVm } from '../../src/kernel/access_process_vm.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { taskMm } from '../../src/kernel/mm.js'
import { openLive } from '../../src/live/open_live.js'
import { ScratchDirectory } from '../support/files.js'
import { layoutParts } from '../support/layout.js'
import { describeLive } from '../support/live.js'
import { HUGE, OwnMemory, PAGE } from '../support/own_memory.js'
import { pagemapEntry, readPagemap } from '../support/pagemap.js'
import { procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'

/** To wait for a while. */
const CLOCK = new Int32Array(new SharedArrayBuffer(4))

/** Of this very process. */
function own(kernel: Kernel, address: bigint): Translation {
  return translate(kernel, kernel.findTask(process.pid)!, address)
}

function pfnOf({ walk }: Translation): bigint | undefined {
  return walk?.end.kind === 'page' ? walk.end.physical >> 12n : undefined
}

function ownerOf({ page }: Translation): string | undefined {
  return typeof page === 'object' && 'owner' in page ? page.owner.kind : undefined
}

/** What pagemap says of the page: where its frame is. */
function truePfn(address: bigint): bigint {
  const { present, pfn } = pagemapEntry(readPagemap(process.pid, address, 1)[0]!)
  expect(present).toBe(true)
  return pfn
}

describeLive('an address of a process', () => {
  test('of an anonymous page', () => {
    using kernel = openLive()
    const memory = OwnMemory.map(2 * PAGE)
    memory.advise(0, 2 * PAGE, 'noHugepage')
    memory.write(0, 1)
    const found = own(kernel, memory.start + 5n)
    expect(pfnOf(found)).toBe(truePfn(memory.start))
    expect(found.walk?.end).toMatchObject({ pageSize: PAGE, accessible: true })
    expect(found.page).toMatchObject({ refcount: 1, mapcount: 1, owner: { kind: 'anonymous' } })
    expect(found.steps.at(-1)!.names).toEqual(
      expect.arrayContaining(['present', 'writable', 'user', 'accessed', 'dirty', 'no-execute']),
    )
  })

  test('that was never touched, and that was only read', () => {
    using kernel = openLive()
    const memory = OwnMemory.map(4 * PAGE)
    memory.advise(0, 4 * PAGE, 'noHugepage')
    memory.write(0, 1)
    memory.touch(PAGE)
    const never = own(kernel, memory.start + 2n * BigInt(PAGE))
    expect(never.walk?.end).toMatchObject({ kind: 'not present', level: 'PTE', entry: 0n })
    expect(explain(never)).toMatch(/never touched/)
    const read = own(kernel, memory.start + BigInt(PAGE))
    expect(pfnOf(read)).toBe(truePfn(memory.start + BigInt(PAGE)))
    expect(ownerOf(read)).toBe('zero page')
    expect(explain(read)).toMatch(/the zero page/)
  })

  test('that may not be accessed', () => {
    using kernel = openLive()
    const memory = OwnMemory.map(2 * PAGE)
    memory.advise(0, 2 * PAGE, 'noHugepage')
    memory.write(0, 7)
    const before = truePfn(memory.start)
    memory.forbid(0, 2 * PAGE)
    const kept = own(kernel, memory.start)
    expect(pfnOf(kept)).toBe(before)
    expect(kept.walk?.end).toMatchObject({ kind: 'page', accessible: false })
    expect(explain(kept)).toMatch(/PROT_NONE/)
    const empty = own(kernel, memory.start + BigInt(PAGE))
    expect(explain(empty)).toMatch(/allows no access \(PROT_NONE\)/)
    const byte = new Uint8Array(1)
    const task = kernel.findTask(process.pid)!
    expect(accessProcessVm(kernel, task, memory.start, byte)).toBe(1)
    expect(byte[0]).toBe(7)
  })

  test('in a guard region, where this kernel has such', () => {
    using kernel = openLive()
    const memory = OwnMemory.map(2 * PAGE)
    const taken = memory.advise(0, PAGE, 'guardInstall')
    const { swap } = own(kernel, memory.start)
    expect(swap?.kind).toBe(taken ? 'marker' : undefined)
    if (taken) expect(swap).toMatchObject({ markers: ['guard'] })
  })

  test('in a transparent huge page, and in the huge zero page', () => {
    using kernel = openLive()
    const memory = OwnMemory.map(2 * HUGE, HUGE)
    expect(memory.advise(0, 2 * HUGE, 'hugepage')).toBe(true)
    memory.write(0, 1)
    const at = memory.start + 0x12_3456n
    const found = own(kernel, at)
    expect(found.walk?.end).toMatchObject({ pageSize: HUGE })
    expect(pfnOf(found)).toBe(truePfn(at))
    expect(found.page).toMatchObject({ compound: { pages: 512 }, owner: { kind: 'anonymous' } })
    memory.touch(HUGE)
    const zero = own(kernel, memory.start + BigInt(HUGE))
    expect(pfnOf(zero)).toBe(truePfn(memory.start + BigInt(HUGE)))
    expect(ownerOf(zero)).toBe('huge zero page')
  })

  test('that no table translates', () => {
    using kernel = openLive()
    const half = 1n << BigInt(kernel.pageTables.mode.canonical.signBit)
    expect(explain(own(kernel, half))).toMatch(
      /^the first address behind the user half: not canonical/,
    )
    expect(explain(own(kernel, 1n << 62n))).toMatch(/^not canonical/)
    expect(own(kernel, half).walk?.end).toEqual({ kind: 'non-canonical' })
    expect(own(kernel, half - 4096n).half).toBe('lower')
    expect(explain(own(kernel, 0n))).toMatch(/^no mapping is here \(the next one begins at 0x/)
  })

  test('of a kernel thread, which has no mm', () => {
    using kernel = openLive()
    const found = translate(kernel, kernel.findTask(2)!, 0x1000n)
    expect(found.walk).toBeUndefined()
    expect(explain(found)).toMatch(/^2 \(kthreadd\) is a kernel thread: it has no mm/)
  })

  test('of a process that exits in the middle', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('pages'), ['1', '1', process.execPath])
    const task = kernel.findTask(running.pid)!
    const { start_stack } = taskMm(task)!
    const read = () => translate(kernel, task, start_stack)
    expect(pfnOf(whileSame(kernel, task, read))).toBeDefined()
    const meanwhile = () => {
      const found = read()
      kill(running.pid, 'SIGKILL')
      while (procText(`${running.pid}/maps`)) Atomics.wait(CLOCK, 0, 0, 1)
      return found
    }
    expect(() => whileSame(kernel, task, meanwhile)).toThrow(/it exited while it was read$/)
  })

  test('of every part that a program knows of', async () => {
    using kernel = openLive()
    using directory = new ScratchDirectory()
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    truncateSync(file, 8192)
    await using running = await Running.start(compile('layout'), [file])
    const task = kernel.findTask(running.pid)!
    const parts = layoutParts(running.lines)
    expect(parts.length).toBeGreaterThan(30)
    for (const { address } of parts) {
      const entry = pagemapEntry(readPagemap(running.pid, address, 1)[0]!)
      const found = translate(kernel, task, address)
      expect(pfnOf(found)).toBe(entry.present ? entry.pfn : undefined)
      expect(found.vma!.start <= address && address < found.vma!.end).toBe(true)
    }
  })

  test('gives the bytes that /proc/PID/mem has', async () => {
    using kernel = openLive()
    await using running = await Running.start(compile('pages'), ['300', '10', process.execPath])
    const task = kernel.findTask(running.pid)!
    const mem = openSync(`/proc/${running.pid}/mem`, 'r')
    try {
      const { start_code, start_stack, start_brk } = taskMm(task)!
      for (const start of [start_code, start_stack, start_brk].map(BigInt)) {
        const theirs = new Uint8Array(3000)
        const ours = new Uint8Array(3000)
        const count = readSync(mem, theirs, 0, 3000, start as unknown as number)
        expect(accessProcessVm(kernel, task, start, ours.subarray(0, count))).toBe(count)
        expect(ours).toEqual(theirs)
      }
    } finally {
      closeSync(mem)
    }
  })
})
