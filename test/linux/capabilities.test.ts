import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAPABILITY_NAMES } from '../../src/kernel/capability_names.js'
import { effectiveCapabilities } from '../../src/linux/capabilities.js'
import { CompiledProject } from './child.js'

let project: CompiledProject
beforeAll(() => {
  project = new CompiledProject()
})
afterAll(() => project[Symbol.dispose]())

/** `capsh --decode`: the names of the bits, e.g. `0x…=cap_chown,cap_bpf`. */
function decode(bits: string): string[] {
  const output = execFileSync('capsh', [`--decode=${bits}`], { encoding: 'utf8' })
  return output.trim().split('=')[1]!.toUpperCase().split(',').sort()
}

test('every capability has the name that libcap gives it', () => {
  const all = (1n << BigInt(CAPABILITY_NAMES.length)) - 1n
  expect([...CAPABILITY_NAMES].sort()).toEqual(decode(all.toString(16)))
  for (const [number, name] of CAPABILITY_NAMES.entries()) {
    expect(decode((1n << BigInt(number)).toString(16))).toEqual([name])
  }
})

test('reads the capabilities of this process', () => {
  const [, bits] = /CapEff:\s*(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))!
  expect([...effectiveCapabilities()].sort()).toEqual(decode(bits!))
})

const SCRIPT = `
  import * as rights from './dist/linux/capabilities.js'
  const { effectiveCapabilities, inInitialUserNamespace, hasSeccompFilter } = rights
  const capabilities = [...effectiveCapabilities()]
  console.log(JSON.stringify([capabilities, inInitialUserNamespace(), hasSeccompFilter()]))`

test('reads those of a process with fewer', () => {
  const none = ['setpriv', '--reuid', '65534', '--clear-groups', '--inh-caps=-all']
  expect(JSON.parse(project.run(SCRIPT, none))).toEqual([[], true, false])
  const two = ['setpriv', '--inh-caps=-all', '--bounding-set=-all,+bpf,+net_raw']
  expect(JSON.parse(project.run(SCRIPT, two))).toEqual([['CAP_NET_RAW', 'CAP_BPF'], true, false])
})

test('notices a user namespace', () => {
  const [capabilities, initial] = JSON.parse(project.run(SCRIPT, ['unshare', '-r']))
  expect(capabilities).toContain('CAP_BPF')
  expect(initial).toBe(false)
})
