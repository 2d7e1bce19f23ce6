import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { loadBtf } from '../../src/btf/load.js'
import {
  canFetchKernels,
  type DebianVersion,
  debianBtf,
  debianModuleBtf,
} from '../support/debian_kernel.js'
import { hasTools } from '../support/tools.js'
import { bpftoolDump, expectSameDump, ourDump } from './raw_dump.js'
import { swapByteOrder } from './swap.js'

const directory = mkdtempSync(join(tmpdir(), 'ksight-btf-'))
afterAll(() => rmSync(directory, { recursive: true }))

function saved(name: string, bytes: Uint8Array): string {
  const path = join(directory, name)
  writeFileSync(path, bytes)
  return path
}

const running = '/sys/kernel/btf/vmlinux'

const hasBpftool = hasTools('bpftool')

test.skipIf(!hasBpftool)('every type of the running kernel is what bpftool shows', () => {
  const btf = loadBtf(readFileSync(running), { source: running })
  expectSameDump(ourDump(btf), bpftoolDump(running))
})

const versions: DebianVersion[] = ['6.1', '6.12']
const canRun = hasBpftool && canFetchKernels

describe.skipIf(!canRun).each(versions)('Debian %s (apt, bpftool)', (version) => {
  test('every type is what bpftool shows, in either byte order', async () => {
    const blob = await debianBtf(version)
    const path = saved(version, blob)
    const dump = bpftoolDump(path)
    expectSameDump(ourDump(new Btf(blob)), dump)

    const swapped = swapByteOrder(blob)
    expectSameDump(bpftoolDump(saved(`${version}-swapped`, swapped)), dump)
    const btf = new Btf(swapped)
    expect(btf.littleEndian).toBe(!new Btf(blob).littleEndian)
    expectSameDump(ourDump(btf), dump)
  })

  test.each(['overlay', '9pnet', 'kvm'])('every type of module %s is, too', async (module) => {
    const blob = await debianBtf(version)
    const base = new Btf(blob)
    const split = await debianModuleBtf(version, module)
    const paths = [saved(module, split), saved(`base-of-${module}`, blob)] as const
    expectSameDump(ourDump(new Btf(split, { base })), bpftoolDump(...paths))
  })
})
