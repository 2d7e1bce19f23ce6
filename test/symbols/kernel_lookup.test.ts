import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Assembler } from '../../src/bpf/assembler.js'
import { HELPERS } from '../../src/bpf/helpers.js'
import { IterLink } from '../../src/bpf/link.js'
import { Program } from '../../src/bpf/program.js'
import { R0, R1, R2, R3, R4, R5, R6, R7, R10 } from '../../src/bpf/registers.js'
import { Btf } from '../../src/btf/btf.js'
import type { Fd } from '../../src/linux/fd.js'
import { parseKallsyms } from '../../src/symbols/kallsyms_text.js'
import { type NearestSymbol, Symbols } from '../../src/symbols/symbols.js'
import { isRoot } from '../support/tools.js'

/** How far behind each symbol another address is looked up. */
const BEHIND = 5

/** For each symbol: its address, and what the kernel calls that address and one behind it. */
const FORMAT = '%lx|%pS|%pS\n\0'.padEnd(16, '\0')

/**
 * An iterator over the kernel's symbols (Linux 6.0), whose program prints by %pS: that is
 * `sprint_symbol()`, which asks `kallsyms_lookup()`.
 */
function lookupProgram(btf: Btf): Assembler {
  const value = btf.findMember(btf.get('kallsym_iter', 'struct'), 'value')!.bitOffset / 8
  const format = new Int32Array(new TextEncoder().encode(FORMAT).buffer)
  const a = new Assembler()
  a.mov(R6, R1)
  a.load('u64', R7, R6, 8)
  a.jeq(R7, 0, 'done')
  a.load('u64', R7, R7, value)
  a.store('u64', R10, -24, R7)
  a.store('u64', R10, -16, R7)
  a.add(R7, BEHIND)
  a.store('u64', R10, -8, R7)
  format.forEach((word, i) => {
    a.store('u32', R10, -40 + i * 4, word)
  })
  a.load('u64', R1, R6, 0)
  a.load('u64', R1, R1, 0)
  a.mov(R2, R10)
  a.add(R2, -40)
  a.mov(R3, FORMAT.indexOf('\0') + 1)
  a.mov(R4, R10)
  a.add(R4, -24)
  a.mov(R5, 24)
  a.call(HELPERS.seq_printf)
  a.label('done')
  a.mov(R0, 0)
  a.exit()
  return a
}

function readText(fd: Fd): string {
  const chunks: Uint8Array[] = []
  const buffer = new Uint8Array(1 << 16)
  for (let n = fd.read(buffer); n > 0; n = fd.read(buffer)) chunks.push(buffer.slice(0, n))
  return Buffer.concat(chunks).toString('latin1')
}

/** As %pS prints it, but for the size of the symbol. */
function asText(found: NearestSymbol | undefined, address: bigint): string {
  if (found === undefined) return `0x${address.toString(16)}`
  return `${found.symbol.name}+0x${found.offset.toString(16)}`
}

const btf = new Btf(readFileSync('/sys/kernel/btf/vmlinux'))
const iterator = btf.find('bpf_iter_ksym', 'func')
const canIterate = isRoot && iterator !== undefined

test.runIf(canIterate)('addresses belong to the symbols that the kernel says (root)', () => {
  using program = Program.load({
    type: 'tracing',
    name: 'ksight_symbols',
    code: lookupProgram(btf),
    expectedAttachType: 'trace_iter',
    attachBtfId: iterator!.id,
  })
  using link = IterLink.attach(program)
  using iteration = link.iterate()
  const lines = readText(iteration).trimEnd().split('\n')
  const symbols = new Symbols(parseKallsyms(readFileSync('/proc/kallsyms')))

  // What is outside of the kernel image may come and go, such as BPF programs.
  const listed = new Map<string, Set<string>>()
  for (const { address, name, module } of symbols.symbols()) {
    if (module !== undefined) continue
    const names = listed.get(address.toString(16)) ?? new Set()
    listed.set(address.toString(16), names.add(`${name}+0x0`))
  }
  let compared = 0
  for (const line of lines) {
    const [start, ...theirs] = line.replace(/\/0x[0-9a-f]+/g, '').split('|')
    if (!listed.has(start!)) continue
    const address = BigInt(`0x${start}`)
    const ours = [address, address + BigInt(BEHIND)].map((a) => asText(symbols.nearest(a), a))
    // Outside of its functions the kernel looks nothing up; an address that it lists has a name here.
    if (theirs[0] === `0x${start}` && listed.get(start!)?.has(ours[0]!)) ours[0] = theirs[0]
    if (ours.join() !== theirs.join()) expect([start, ...ours]).toEqual([start, ...theirs])
    compared++
  }
  expect(compared).toBeGreaterThan(10_000)
})
