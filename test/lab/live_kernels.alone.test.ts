import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import { whyNoLab } from '../../lab/requirements.mjs'
import type { Vm } from '../../lab/vm.mjs'
import { ensureBuilt } from '../../scripts/build.mjs'
import { readElf } from '../../src/elf/elf.js'
import { debianVmlinux } from '../support/debian_kernel.js'
import { bundlePrograms } from '../support/guest_program.js'

const KERNELS = [
  { kernel: '6.1', la57: false },
  { kernel: '6.1', la57: true },
  { kernel: '6.12', la57: false },
  { kernel: '6.12', la57: true },
] as const

const TIMEOUT = 180_000
const SOURCES = join(import.meta.dirname, 'guest')
const why = whyNoLab()
let programs = ''

beforeAll(async () => {
  if (why !== undefined) return
  await ensureBuilt()
  programs = await bundlePrograms(readdirSync(SOURCES).map((file) => join(SOURCES, file)))
})
afterAll(() => rm(programs, { recursive: true, force: true }))

describe.skipIf(why !== undefined)(`in the lab${why ? `: ${why}` : ''}`, () => {
  describe.each(KERNELS)('Debian’s $kernel, 5-level paging: $la57', (options) => {
    let vm: Vm
    beforeAll(async () => {
      vm = await boot(options)
    })
    afterAll(() => vm?.[Symbol.asyncDispose]())

    /** Runs a program of guest/ and gives what it prints. */
    async function run(program: string, ...args: string[]) {
      return output(process.execPath, join(programs, `${program}.mjs`), ...args)
    }

    async function output(command: string, ...args: string[]) {
      const { exitCode, stdout, stderr } = await vm.run(command, args, { timeout: TIMEOUT })
      expect(stderr).toBe('')
      expect(exitCode).toBe(0)
      return JSON.parse(stdout)
    }

    /** The address of a symbol, as the guest's /proc/kallsyms has it. */
    async function addressOf(name: string): Promise<bigint> {
      const { stdout } = await vm.run('grep', ['-m1', '-w', name, '/proc/kallsyms'])
      return BigInt(`0x${stdout.split(' ')[0]}`)
    }

    test('iterator and list of tasks both find what ps finds', { timeout: TIMEOUT }, async () => {
      const { iterator, list, ps } = await run('tasks')
      expect(ps.length).toBeGreaterThan(40)
      expect(iterator).toEqual(ps)
      expect(list).toEqual(ps)
    })

    test('the facts are those of the kernel', { timeout: TIMEOUT }, async () => {
      const found = await run('facts')
      const initTask = await addressOf('init_task')
      const pageOffset = await addressOf('page_offset_base')
      const perCpuOffset = await addressOf('__per_cpu_offset')
      const text = readElf(await debianVmlinux(options.kernel), 'vmlinux').section('.text')!.addr
      const truth = {
        initTask: `${initTask}`,
        pageOffset: `${(await vm.readMemory(pageOffset, 8)).readBigUInt64LE()}`,
        kaslrOffset: `${(await addressOf('_text')) - text}`,
        perCpuOffsets: words(await vm.readMemory(perCpuOffset, 16)),
      }
      for (const via of ['bpf', 'kcore']) {
        const { facts, vmcoreinfo, vmcoreinfoAt, ...rest } = found[via]
        expect(facts.filter((fact: unknown) => typeof fact === 'string')).toEqual([])
        expect(rest).toMatchObject({ ...truth, pageOffsetBySearch: truth.pageOffset })
        expect(ramAt(vm, Number(vmcoreinfoAt), 4096)).toContain(vmcoreinfo)
        expect(vmcoreinfo).toContain(`NUMBER(pgtable_l5_enabled)=${options.la57 ? 1 : 0}\n`)
      }
    })

    test('the command runs, and explains how it found the facts', {
      timeout: TIMEOUT,
    }, async () => {
      const ksight = async (...args: string[]) => {
        const { exitCode, stdout, stderr } = await vm.run('bin/ksight', args, { timeout: TIMEOUT })
        return { exitCode, stderr, threads: exitCode === 0 ? JSON.parse(stdout) : undefined }
      }
      const threads = ['threads', '--json', '--pointers', 'raw']
      const bpf = await ksight(...threads, '--debug')
      expect(bpf.stderr).toContain(`PAGE_OFFSET 0x`)
      expect(bpf.exitCode).toBe(0)
      const kcore = await ksight(...threads, '--via', 'kcore')
      expect(kcore).toMatchObject({ exitCode: 0, stderr: '' })
      const kthreadd = (list: { pid: number }[]) => list.find(({ pid }) => pid === 2)
      expect(kthreadd(kcore.threads)).toEqual(kthreadd(bpf.threads))
    })

    test('BPF, /proc/kcore and QEMU read the same bytes', { timeout: TIMEOUT }, async () => {
      const { text, rodata, tasks, perCpu } = await run('same_bytes')
      for (const range of [text, rodata]) {
        expect(range.same).toBe(true)
        expect(range.length).toBeGreaterThan(8 << 20)
        const bytes = await vm.readMemory(BigInt(range.address), range.length)
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(range.sha256)
      }
      expect(tasks.length).toBeGreaterThan(40)
      for (const { size, differ } of [...tasks, ...perCpu]) {
        expect(size).toBeGreaterThan(4096)
        expect(differ).toEqual([])
      }
    })

    test('faults name the first address that is not mapped', { timeout: TIMEOUT }, async () => {
      const { stackEnd, bpf, kcore } = await run('faults')
      expect(bpf['behind a kernel stack']).toBe(stackEnd)
      expect(await vm.readMemory(BigInt(stackEnd) - 8n, 8)).toHaveLength(8)
      await expect(vm.readMemory(BigInt(stackEnd), 8)).rejects.toThrow('specified')
      // The kernel's own /proc/kcore says nothing of what is missing within the vmalloc area.
      expect(kcore).toEqual({ ...bpf, 'behind a kernel stack': 'zeros' })
      expect(Object.values(bpf).every((fault) => /^\d+$/.test(`${fault}`))).toBe(true)
    })
  })
})

function words(bytes: Buffer): string[] {
  return Array.from({ length: bytes.length / 8 }, (_, i) => `${bytes.readBigUInt64LE(i * 8)}`)
}

/** Physical memory, as text. */
function ramAt(vm: Vm, address: number, length: number): string {
  const bytes = Buffer.alloc(length)
  const file = openSync(vm.ram, 'r')
  readSync(file, bytes, 0, length, address)
  closeSync(file)
  return bytes.toString('latin1')
}
