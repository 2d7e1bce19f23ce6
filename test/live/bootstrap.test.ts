import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { cpuCurr, cpuRq, idleTask } from '../../src/kernel/percpu.js'
import { openLive } from '../../src/live/open_live.js'

const kernel = openLive()
afterAll(() => kernel[Symbol.dispose]())

test('every fact is found, and says how and what confirms it', () => {
  for (const fact of kernel.facts()) {
    expect(fact).not.toBeInstanceOf(Error)
    if (fact instanceof Error) continue
    expect(fact.how).not.toBe('')
    expect(fact.checked).not.toBe('')
  }
})

test('VMCOREINFO is this kernel’s', () => {
  const uname = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()
  expect(kernel.vmcoreinfo.get('OSRELEASE')).toBe(uname)
  // The address that VMCOREINFO names holds what uname says.
  const uts = kernel.at('uts_namespace', kernel.vmcoreinfo.symbol('init_uts_ns')!)
  expect(uts.name.release).toBe(uname)
  expect(uts.name.version).toBe(execFileSync('uname', ['-v'], { encoding: 'utf8' }).trim())
})

test('there is a per-CPU area for each possible CPU', () => {
  const possible = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim()
  const [first, last] = possible.split('-').map(Number)
  const count = (last ?? first ?? 0) - (first ?? 0) + 1
  expect(kernel.cpus).toEqual(Array.from({ length: count }, (_, i) => i))
  for (const cpu of kernel.cpus) {
    expect(cpuRq(kernel, cpu).cpu).toBe(cpu)
    expect(idleTask(kernel, cpu).comm).toBe(`swapper/${cpu}`)
  }
})

test('this process is current on one of the CPUs while it looks', () => {
  const pids = kernel.cpus.map((cpu) => {
    kernel.drop()
    return cpuCurr(kernel, cpu).tgid
  })
  expect(pids).toContain(process.pid)
})

test('the KASLR offset moves _stext to where kallsyms has it', () => {
  const line = execFileSync('grep', ['-m1', '-w', '_stext', '/proc/kallsyms'], { encoding: 'utf8' })
  const stext = BigInt(`0x${line.split(' ')[0]}`)
  expect(0xffffffff81000000n + kernel.kaslrOffset).toBe(stext)
})

test('iterator and list agree on all processes and threads', () => {
  // Tasks may come and go between the two walks; a few tries find a quiet moment.
  const differences = Array.from({ length: 20 }, () => {
    const byIterator = new Set([...kernel.forEachProcessThread('iterator')].map((t) => t.$address))
    const byList = new Set([...kernel.forEachProcessThread('list')].map((t) => t.$address))
    const all = new Set([...byIterator, ...byList])
    return 2 * all.size - byIterator.size - byList.size
  })
  expect(Math.min(...differences)).toBe(0)
})
