import { readFileSync } from 'node:fs'
import { CAPABILITY_NAMES, type CapabilityName } from '../kernel/capability_names.js'

/** The effective capabilities of this process, from /proc/self/status. */
export function effectiveCapabilities(): Set<CapabilityName> {
  const bits = BigInt(`0x${statusField('CapEff')}`)
  return new Set(CAPABILITY_NAMES.filter((_, number) => (bits >> BigInt(number)) & 1n))
}

/** Whether a seccomp filter may refuse system calls of this process. */
export function hasSeccompFilter(): boolean {
  return statusField('Seccomp') === '2'
}

/** Whether this is the initial user namespace, the only one where capabilities open BPF. */
export function inInitialUserNamespace(): boolean {
  const wholeRange = ['0', '0', '4294967295']
  const [first, ...rest] = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n')
  return rest.length === 0 && first?.trim().split(/\s+/).join() === wholeRange.join()
}

function statusField(name: string): string {
  const status = readFileSync('/proc/self/status', 'utf8')
  return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '0'
}
