// Reads the same memory through BPF and through /proc/kcore, and prints where they differ.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { openKernel } from '../../../src/index.js'
import { readBytes } from '../../../src/memory/memory.js'

/** What changes all the time has the same value twice when it is read often enough. */
const ROUNDS = 50

using kernel = openKernel({ via: 'bpf' })
using throughKcore = openKernel({ via: 'kcore' })
const ways = [kernel.uncached, throughKcore.uncached] as const

console.log(
  JSON.stringify({
    text: compare('_stext', '_etext'),
    rodata: compare('__start_rodata', '__end_rodata'),
    tasks: compareTasks(),
    perCpu: kernel.cpus.map(comparePerCpu),
  }),
)

function compare(first: string, end: string) {
  const address = kernel.symbols.find(first)!.address
  const length = Number(kernel.symbols.find(end)!.address - address)
  const [one, other] = ways.map((memory) => readBytes(memory, address, length))
  const same = Buffer.compare(one!, other!) === 0
  return {
    address: `${address}`,
    length,
    same,
    sha256: createHash('sha256').update(one!).digest('hex'),
  }
}

function compareTasks() {
  const { size } = kernel.space.struct('task_struct').type
  const others = [...kernel.forEachProcessThread()].filter(({ tgid }) => tgid !== process.pid)
  return [kernel.initTask, ...others].map(({ pid, $address }) => ({
    pid,
    size,
    differ: differences($address, size),
  }))
}

/** Looks from another CPU, because what it does itself is not the same in the two ways. */
function comparePerCpu(cpu: number) {
  const other = kernel.cpus.find((candidate) => candidate !== cpu)
  execFileSync('taskset', ['-acp', `${other}`, `${process.pid}`])
  const sections = [...kernel.types.findAll('.data..percpu', 'datasec')]
  const size = Math.max(...sections.map((section) => section.size))
  return { size, differ: differences(kernel.perCpuBase(cpu), size) }
}

/** The offsets of the words that never had the same value. */
function differences(address: bigint, size: number): number[] {
  let open = Array.from({ length: Math.floor(size / 8) }, (_, i) => i * 8)
  for (let round = 0; round < ROUNDS && open.length > 0; round++) {
    const [one, other] = ways.map((memory) => readBytes(memory, address, size))
    const words = [new DataView(one!.buffer), new DataView(other!.buffer)] as const
    open = open.filter((at) => words[0].getBigUint64(at) !== words[1].getBigUint64(at))
  }
  return open
}
