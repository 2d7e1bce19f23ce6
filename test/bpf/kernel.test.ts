import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Assembler } from '../../src/bpf/assembler.js'
import { HELPERS } from '../../src/bpf/helpers.js'
import { IterLink } from '../../src/bpf/link.js'
import { BPF_F_MMAPABLE, BpfMap } from '../../src/bpf/map.js'
import { Program } from '../../src/bpf/program.js'
import { R0, R1, R2, R3, R4, R6, R7, R10 } from '../../src/bpf/registers.js'
import { Btf } from '../../src/btf/btf.js'

const btf = new Btf(readFileSync('/sys/kernel/btf/vmlinux'))
const offsetOf = (member: string) =>
  btf.findMember(btf.get('task_struct', 'struct'), member)!.bitOffset / 8

/** Every task's address, pid and tgid, from an iterator. */
function readTasks() {
  const a = new Assembler()
    .load('u64', R6, R1, 0)
    .load('u64', R7, R1, 8)
    .jeq(R7, 0, 'end')
    .load('u64', R1, R6, 0)
    .store('u64', R10, -16, R7)
    .load('u32', R3, R7, offsetOf('pid'))
    .store('u32', R10, -8, R3)
    .load('u32', R3, R7, offsetOf('tgid'))
    .store('u32', R10, -4, R3)
    .mov(R2, R10)
    .add(R2, -16)
    .mov(R3, 16)
    .call(HELPERS.seq_write)
    .label('end')
    .mov(R0, 0)
    .exit()
  using program = Program.load({
    type: 'tracing',
    name: 'tasks',
    code: a,
    expectedAttachType: 'trace_iter',
    attachBtfId: btf.get('bpf_iter_task', 'func').id,
  })
  using link = IterLink.attach(program)
  using fd = link.iterate()
  const tasks = []
  const buffer = new Uint8Array(1 << 16)
  for (;;) {
    const length = fd.read(buffer)
    if (length === 0) return tasks
    const view = new DataView(buffer.buffer, 0, length)
    for (let at = 0; at < length; at += 16) {
      tasks.push({
        address: view.getBigUint64(at, true),
        pid: view.getUint32(at + 8, true),
        tgid: view.getUint32(at + 12, true),
      })
    }
  }
}

function procTids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readdirSync(`/proc/${pid}/task`).map(Number)
      } catch {
        return []
      }
    })
}

test('a task iterator lists the threads of /proc', () => {
  const before = new Set(procTids())
  const tasks = readTasks().map(({ pid }) => pid)
  const after = new Set(procTids())
  const stable = [...before].filter((pid) => after.has(pid))
  expect(tasks).toEqual(expect.arrayContaining(stable))
  for (const pid of tasks) expect(before.has(pid) || after.has(pid)).toBe(true)
})

test('a syscall program reads kernel memory into a mapped array', () => {
  const task = readTasks().find(({ pid }) => pid === process.pid)!
  using map = BpfMap.create({
    type: 'array',
    keySize: 4,
    valueSize: 4096,
    maxEntries: 1,
    flags: BPF_F_MMAPABLE,
    name: 'window',
  })
  const a = new Assembler()
    .load('u64', R3, R1, 0)
    .ldMapValue(R1, map.fd.number)
    .mov(R2, 16)
    .call(HELPERS.probe_read_kernel)
    .exit()
  const context = new Uint8Array(8)
  using program = Program.load({ type: 'syscall', name: 'read', code: a })
  using window = map.mmap()
  const run = program.prepareRun(context)
  new DataView(context.buffer).setBigUint64(0, task.address + BigInt(offsetOf('comm')), true)
  expect(run()).toBe(0)
  const comm = new TextDecoder().decode(window.bytes.subarray(0, window.bytes.indexOf(0)))
  expect(comm).toBe(readFileSync('/proc/self/comm', 'utf8').trim())
  const t = performance.now()
  for (let i = 0; i < 100000; i++) run()
  console.log((performance.now() - t) / 100, 'us')
})
test('loop', () => {
  const a = new Assembler()
    .mov(R1, 10)
    .ldFunc(R2, 'cb')
    .mov(R3, R10)
    .add(R3, -8)
    .store('u64', R10, -8, 0)
    .mov(R4, 0)
    .call(HELPERS.loop)
    .load('u64', R0, R10, -8)
    .exit()
    .label('cb')
    .load('u64', R3, R2, 0)
    .add(R3, R1)
    .store('u64', R2, 0, R3)
    .mov(R0, 0)
    .exit()
  using program = Program.load({ type: 'syscall', name: 'read', code: a })
  expect(program.run()).toBe(45)
})
