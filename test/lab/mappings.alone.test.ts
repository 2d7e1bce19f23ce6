import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import { bundleProgram } from '../support/guest_program.js'
import { describeLab } from '../support/lab.js'
import { compile } from '../support/program.js'
import type { Answers } from './guest/mappings.js'

const KERNELS = [
  { kernel: '6.1', la57: false, vsyscall: 'xonly', page: '--xp' },
  { kernel: '6.1', la57: true, vsyscall: 'emulate', page: 'r-xp' },
  { kernel: '6.12', la57: false, vsyscall: 'none', page: undefined },
  { kernel: '6.12', la57: true, vsyscall: 'xonly', page: '--xp' },
] as const

const TIMEOUT = 240_000

describeLab('address spaces', () => {
  let program: string
  beforeAll(async () => {
    program = await bundleProgram(join(import.meta.dirname, 'guest/mappings.ts'))
  })
  afterAll(() => rm(join(program, '..'), { recursive: true }))

  describe.each(KERNELS)(
    'on Debian’s $kernel, 5-level paging: $la57, vsyscall=$vsyscall',
    ({ kernel, la57, vsyscall, page }) => {
      let answers: Answers
      beforeAll(async () => {
        await using vm = await boot({ kernel, la57, commandLine: `vsyscall=${vsyscall}` })
        const args = [program, compile('layout'), compile('many_vmas')]
        const limit = { timeout: TIMEOUT }
        const { exitCode, stdout, stderr } = await vm.run(process.execPath, args, limit)
        expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
        answers = JSON.parse(stdout)
      }, TIMEOUT)

      test('the mappings of every process are those of /proc/PID/maps', () => {
        expect(answers.maps.found).toEqual([])
        expect(answers.maps.processes).toBeGreaterThan(0)
        expect(answers.many.found).toEqual([])
        expect(answers.many.count).toBeGreaterThan(10_000)
      })

      test('the sizes of every process are those of /proc/PID/status', () => {
        expect(answers.sizes.found).toEqual([])
        expect(answers.sizes.processes).toBeGreaterThan(0)
      })

      test('a program that knows its layout is named rightly', () => {
        const { layout } = answers
        expect(layout.wrong).toEqual([])
        expect(layout.parts.some((line) => line.startsWith('hugetlb '))).toBe(true)
        expect(layout.seen).toEqual(layout.maps)
        expect(layout.program).toEqual(['rodata', 'text', 'rodata', 'relro', 'data', 'bss'])
        const gate = layout.seen.filter((line) => line.endsWith('[vsyscall]'))
        expect(gate.map((line) => line.split(' ')[1])).toEqual(page === undefined ? [] : [page])
      })

      test('flags are those of smaps', () => {
        const { flags } = answers.layout
        expect(flags.map(({ range, seen }) => `${range} ${seen}`)).toEqual(
          flags.map(({ range, smaps }) => `${range} ${smaps}`),
        )
      })

      test('the areas of vmalloc are those of /proc/vmallocinfo', () => {
        const { seen, before, after } = answers.vmap
        expect(seen.length).toBeGreaterThan(50)
        expect(seen.filter((area) => !before.includes(area) && !after.includes(area))).toEqual([])
        const stayed = before.filter((area) => after.includes(area))
        expect(stayed.filter((area) => !seen.includes(area))).toEqual([])
      })
    },
  )
})
