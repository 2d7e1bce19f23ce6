import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import type { Vm } from '../../lab/vm.mjs'
import { bundlePrograms } from '../support/guest_program.js'

const GUEST = join(import.meta.dirname, 'guest')
let programs = ''
beforeAll(async () => {
  programs = await bundlePrograms(readdirSync(GUEST).map((file) => join(GUEST, file)))
})

describe.each([{ kernel: '6.12', la57: false }] as const)('$kernel', (options) => {
  let vm: Vm
  beforeAll(async () => {
    vm = await boot(options)
  })
  afterAll(() => vm?.[Symbol.asyncDispose]())
  for (const p of ['tasks', 'facts', 'same_bytes']) {
    test(p, async () => {
      const r = await vm.run(process.execPath, [join(programs, p + '.mjs')])
      console.log(r.exitCode, r.stderr.slice(0, 2000), r.stdout.slice(0, 3000))
    })
  }
})
