import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import { bundleProgram } from '../support/guest_program.js'
import { describeLab } from '../support/lab.js'
import type { Answers } from './guest/stacks.js'

const TIMEOUT = 180_000

describeLab('kernel stacks of a running kernel', () => {
  let program: string
  beforeAll(async () => {
    program = await bundleProgram(join(import.meta.dirname, 'guest/stacks.ts'))
  })
  afterAll(() => rm(join(program, '..'), { recursive: true }))

  describe.each(['6.1', '6.12'] as const)('of Debian’s %s', (kernel) => {
    let answers: Answers
    beforeAll(async () => {
      await using vm = await boot({ kernel })
      const { exitCode, stdout, stderr } = await vm.run(process.execPath, [program], {
        timeout: TIMEOUT,
      })
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      answers = JSON.parse(stdout)
    }, TIMEOUT)

    test('are those of /proc, of every thread that sleeps', () => {
      expect(answers.differ).toEqual([])
      expect(answers.compared).toBeGreaterThan(40)
      expect(answers.compared).toBeGreaterThan(0.8 * answers.threads)
    })

    test('lead through functions whose return is watched by a kretprobe and by the graph tracer', () => {
      expect(answers.hidden).toEqual(['arch_rethook_trampoline', 'return_to_handler'])
      const names = answers.watched.map((text) => text.split('+')[0])
      expect(names.slice(0, 1)).toEqual(['hrtimer_nanosleep'])
      expect(names).toContain('do_syscall_64')
    })
  })
})
