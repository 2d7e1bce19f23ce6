import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Assembler } from '../../src/bpf/assembler.js'
import { HELPERS } from '../../src/bpf/helpers.js'
import { Program } from '../../src/bpf/program.js'
import { R0, R1, R2, R3, R4, R6, R10, W0, W1 } from '../../src/bpf/registers.js'
import { Btf } from '../../src/btf/btf.js'
import { UsageError } from '../../src/errors.js'
import { readSysfs } from '../../src/linux/sysfs.js'

const btf = new Btf(readSysfs('/sys/kernel/btf/vmlinux'))

/** What the kernel returns for a program, given a context of 16 bytes. */
function run(code: Assembler, ...words: bigint[]): number {
  using program = Program.load({ type: 'syscall', name: 'asm_test', code })
  return program.testRun(new Uint8Array(BigUint64Array.from(words).buffer))
}

/** `r0 = a OP b`, of numbers that the verifier cannot know. */
function binary(apply: (a: Assembler) => Assembler): Assembler {
  const a = new Assembler().load('u64', R0, R1, 0).load('u64', R2, R1, 8).mov(R1, R2)
  return apply(a).exit()
}

test('computes as documented', () => {
  const divide = binary((a) => a.div(R0, R1))
  expect(run(divide, 100n, 7n)).toBe(14)
  expect(run(divide, 100n, 0n)).toBe(0)
  const modulo = binary((a) => a.mod(R0, R1))
  expect(run(modulo, 100n, 7n)).toBe(2)
  expect(run(modulo, 100n, 0n)).toBe(100)
  const minus = (n: bigint) => BigInt.asUintN(64, -n)
  expect(
    run(
      binary((a) => a.sdiv(R0, R1)),
      minus(100n),
      7n,
    ) | 0,
  ).toBe(-14)
  expect(
    run(
      binary((a) => a.smod(R0, R1)),
      minus(100n),
      7n,
    ) | 0,
  ).toBe(-2)
  expect(
    run(
      binary((a) => a.arsh(R0, R1)),
      minus(100n),
      2n,
    ) | 0,
  ).toBe(-25)
  expect(
    run(
      binary((a) => a.movsx(R0, R1, 8)),
      0n,
      0x80n,
    ),
  ).toBe(0xffff_ff80)
  expect(
    run(
      binary((a) => a.bswap(R0, 32)),
      0x0102_0304n,
      0n,
    ),
  ).toBe(0x0403_0201)
  expect(
    run(
      binary((a) => a.be(R0, 16)),
      0x0102n,
      0n,
    ),
  ).toBe(0x0201)
  expect(
    run(
      binary((a) => a.le(R0, 16)),
      0xffff_0102n,
      0n,
    ),
  ).toBe(0x0102)
})

test('a W register makes the high bits zero', () => {
  const high = (a: Assembler) => a.rsh(R0, 32)
  expect(
    run(
      binary((a) => high(a.add(R0, R1))),
      2n ** 63n,
      1n,
    ),
  ).toBe(2 ** 31)
  expect(
    run(
      binary((a) => high(a.add(W0, W1))),
      2n ** 63n,
      1n,
    ),
  ).toBe(0)
})

test('jumps forward and backward', () => {
  const a = new Assembler().mov(R0, 0).mov(R2, 0)
  a.label('again').add(R0, R2).add(R2, 1).jle(R2, 10, 'again').ja('end')
  a.label('end').exit()
  expect(run(a)).toBe(55)
})

test('exchanges memory', () => {
  const a = new Assembler().store('u64', R10, -8, 5).mov(R0, 5).mov(R1, 7)
  a.atomicCmpxchg('u64', R10, -8, R1).load('u64', R1, R10, -8).lsh(R0, 8).or(R0, R1).exit()
  expect(run(a)).toBe(0x0507)
})

test('calls functions of its own, and has the kernel call them back', () => {
  const a = new Assembler()
  a.store('u64', R10, -8, 0).mov(R1, 10).ldFunc(R2, 'add').mov(R3, R10).add(R3, -8).mov(R4, 0)
  a.call(HELPERS.loop).load('u64', R1, R10, -8).callLocal('double').exit()
  a.label('add').load('u64', R3, R2, 0).add(R3, R1).store('u64', R2, 0, R3).mov(R0, 0).exit()
  a.label('double').mov(R0, R1).add(R0, R1).exit()
  expect(run(a)).toBe(90)
})

test('calls a function of the kernel', () => {
  const id = (name: string) => btf.get(name, 'func').id
  const a = new Assembler().callKfunc(id('bpf_rcu_read_lock'))
  a.callKfunc(id('bpf_rcu_read_unlock')).mov(R0, 4).exit()
  expect(run(a)).toBe(4)
})

test('takes the address of a variable of the kernel', () => {
  const cpu = btf.findMember(btf.get('rq', 'struct'), 'cpu')!.bitOffset / 8
  const a = new Assembler().ldBtfId(R1, btf.get('runqueues', 'var').id).mov(R2, 1)
  a.call(HELPERS.per_cpu_ptr).jeq(R0, 0, 'end').load('u32', R0, R0, cpu).label('end').exit()
  const kallsyms = readFileSync('/proc/kallsyms', 'utf8')
  // Without CONFIG_KALLSYMS_ALL the kernel does not find its own variables.
  if (kallsyms.includes(' runqueues\n')) expect(run(a)).toBe(1)
  else expect(() => run(a)).toThrow("find the address for kernel symbol 'runqueues'")
})

test('loads a 64-bit constant', () => {
  const a = new Assembler().ldImm64(R0, 0x8123_4567_89ab_cdefn).rsh(R0, 32).exit()
  expect(run(a)).toBe(0x8123_4567)
})

test('jumps as far as 16 bits reach, and with gotol farther', () => {
  const far = (length: number, jump: (a: Assembler) => Assembler) => {
    const a = jump(new Assembler().mov(R0, 6))
    for (let i = 0; i < length; i++) a.mov(R0, 1)
    return a.label('far').exit()
  }
  const ja = (a: Assembler) => a.ja('far')
  expect(far(32767, ja).assemble().instructions[1]!.offset).toBe(32767)
  expect(() => far(32768, ja).assemble()).toThrow(
    'jump to far over 32768: it does not fit into 16 bits with a sign',
  )
  const both = (a: Assembler) => {
    return a
      .call(HELPERS.get_current_pid_tgid)
      .jne(R0, 0, 'go')
      .ja('on')
      .label('go')
      .gotol('far')
      .label('on')
  }
  expect(run(far(40_000, (a) => both(a)))).not.toBe(1)
})

test.each<[string, () => unknown]>([
  ['label nowhere: it is not defined', () => new Assembler().ja('nowhere').exit().assemble()],
  ['label sub: it is not defined', () => new Assembler().callLocal('sub').exit().assemble()],
  ['label f: it is not defined', () => new Assembler().ldFunc(R1, 'f').exit().assemble()],
  ['label a: there is one already', () => new Assembler().label('a').exit().label('a')],
  ['label end: no instruction follows it', () => new Assembler().ja('end').label('end').assemble()],
  ['immediate value 2147483648: it does not fit', () => new Assembler().mov(R0, 2 ** 31)],
  ['immediate value 0.5: it does not fit', () => new Assembler().mov(R0, 0.5)],
  ['immediate value NaN: it does not fit', () => new Assembler().store('u8', R10, -1, Number.NaN)],
  ['offset 32768: it does not fit', () => new Assembler().load('u8', R0, R6, 32768)],
  ['offset -32769: it does not fit', () => new Assembler().load('u8', R0, R6, -32769)],
])('says %s', (message, action) => {
  expect(action).toThrow(UsageError)
  expect(action).toThrow(message)
})
