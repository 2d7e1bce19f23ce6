import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import type { Vm } from '../../lab/vm.mjs'
import { readElf } from '../../src/elf/elf.js'
import { debianVmlinux } from '../support/debian_kernel.js'
import { bundleProgram } from '../support/guest_program.js'
import { describeLab } from '../support/lab.js'
import type { Answers } from './guest/main.js'

const KERNELS = [
  { kernel: '6.1', la57: false },
  { kernel: '6.1', la57: true },
  { kernel: '6.12', la57: false },
  { kernel: '6.12', la57: true },
] as const

const TIMEOUT = 180_000

describeLab('the running kernel', () => {
  let program: string
  beforeAll(async () => {
    program = await bundleProgram(join(import.meta.dirname, 'guest/main.ts'))
  })
  afterAll(() => rm(join(program, '..'), { recursive: true }))

  describe.each(KERNELS)('Debian’s $kernel, 5-level paging: $la57', (options) => {
    let vm: Vm
    let answers: Answers
    beforeAll(async () => {
      vm = await boot(options)
      answers = JSON.parse(await output(process.execPath, program))
    })
    afterAll(() => vm?.[Symbol.asyncDispose]())

    async function output(command: string, ...args: string[]): Promise<string> {
      const { exitCode, stdout, stderr } = await vm.run(command, args, { timeout: TIMEOUT })
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      return stdout
    }

    /** The address of a symbol, as the guest's /proc/kallsyms has it. */
    async function addressOf(name: string): Promise<bigint> {
      const line = await output('grep', '-m1', '-w', name, '/proc/kallsyms')
      return BigInt(`0x${line.split(' ')[0]}`)
    }

    test('iterator and list of tasks both find what ps finds', () => {
      const { iterator, list, ps } = answers.tasks
      expect(ps.length).toBeGreaterThan(40)
      expect(iterator).toEqual(ps)
      expect(list).toEqual(ps)
    })

    test.each(['bpf', 'kcore'] as const)('the facts found through %s are true', async (via) => {
      const { errors, vmcoreinfo, vmcoreinfoAt, ...facts } = answers.facts[via]
      expect(errors).toEqual([])
      const vmlinux = readElf(await debianVmlinux(options.kernel), 'vmlinux')
      const [pageOffset] = words(await vm.readMemory(await addressOf('page_offset_base'), 8))
      expect(facts).toEqual({
        initTask: `${await addressOf('init_task')}`,
        pageOffset,
        pageOffsetBySearch: pageOffset,
        kaslrOffset: `${(await addressOf('_text')) - vmlinux.section('.text')!.addr}`,
        perCpuOffsets: words(await vm.readMemory(await addressOf('__per_cpu_offset'), 16)),
        threadSize: 16384,
      })
      expect(ramAt(vm, Number(vmcoreinfoAt), 4096)).toContain(vmcoreinfo)
      expect(vmcoreinfo).toContain(`NUMBER(pgtable_l5_enabled)=${options.la57 ? 1 : 0}\n`)
    })

    test('BPF, /proc/kcore and QEMU read the same bytes', async () => {
      const { text, rodata, tasks, perCpu } = answers.bytes
      for (const { address, length, same, sha256 } of [text, rodata]) {
        expect(same).toBe(true)
        expect(length).toBeGreaterThan(8 << 20)
        const bytes = await vm.readMemory(BigInt(address), length)
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
      }
      expect(tasks.length).toBeGreaterThan(40)
      expect(perCpu.length).toBe(2)
      for (const { size, differ } of [...tasks, ...perCpu]) {
        expect(size).toBeGreaterThan(4096)
        expect(differ).toEqual([])
      }
    })

    test('a fault names the first address that is not mapped', async () => {
      const { bpf, kcore } = answers.faults
      expect(bpf.behindStack).toBe(bpf.stackEnd)
      expect(await vm.readMemory(BigInt(bpf.stackEnd) - 8n, 8)).toHaveLength(8)
      await expect(vm.readMemory(BigInt(bpf.stackEnd), 8)).rejects.toThrow('specified')
      for (const fault of Object.values(bpf)) expect(fault).toMatch(/^\d+$/)
      // Of what is not mapped within the vmalloc area, the kernel's own /proc/kcore says nothing.
      expect(kcore).toEqual({ ...bpf, behindStack: 'zeros' })
    })

    test('the command shows the same tasks', { timeout: TIMEOUT }, async () => {
      const shown = await output('bin/ksight', 'threads', '--json', '--via', 'kcore')
      const pids = JSON.parse(shown).map(({ pid }: { pid: number }) => pid)
      expect(pids).toEqual(expect.arrayContaining([0, 1, 2]))
      expect(pids.length).toBeGreaterThan(40)
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
