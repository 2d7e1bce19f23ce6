import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { Kernel } from '../../../src/kernel/kernel.js'
import { readBytes } from '../../../src/memory/memory.js'

/** What changes all the time has the same value twice when it is read often enough. */
const ROUNDS = 50

/** Two ways to read the memory of the running kernel. */
type Ways = readonly [Kernel, Kernel]

/** Reads the same memory in two ways, and tells where they differ. */
export function compareBytes(...ways: Ways) {
  const [kernel] = ways
  return {
    text: compareRange(ways, '_stext', '_etext'),
    rodata: compareRange(ways, '__start_rodata', '__end_rodata'),
    tasks: compareTasks(ways),
    perCpu: kernel.cpus.map((cpu) => comparePerCpu(ways, cpu)),
  }
}

function compareRange(ways: Ways, first: string, end: string) {
  const { symbols } = ways[0]
  const address = symbols.find(first)!.address
  const length = Number(symbols.find(end)!.address - address)
  const [one, other] = read(ways, address, length)
  const sha256 = createHash('sha256').update(one).digest('hex')
  return { address, length, same: Buffer.compare(one, other) === 0, sha256 }
}

function compareTasks(ways: Ways) {
  const [kernel] = ways
  const { size } = kernel.space.struct('task_struct').type
  const others = [...kernel.forEachProcessThread()].filter(({ tgid }) => tgid !== process.pid)
  return [kernel.initTask, ...others].map(({ pid, $address }) => {
    return { pid, size, differ: differences(ways, $address, size) }
  })
}

/** Looks from another CPU, because what it does itself is not the same in the two ways. */
function comparePerCpu(ways: Ways, cpu: number) {
  const [kernel] = ways
  const other = kernel.cpus.find((candidate) => candidate !== cpu)
  execFileSync('taskset', ['-acp', `${other}`, `${process.pid}`])
  const sections = [...kernel.types.findAll('.data..percpu', 'datasec')]
  const size = Math.max(...sections.map((section) => section.size))
  return { cpu, size, differ: differences(ways, kernel.perCpuBase(cpu), size) }
}

/** The offsets of the words that never had the same value. */
function differences(ways: Ways, address: bigint, size: number): number[] {
  let open = Array.from({ length: Math.floor(size / 8) }, (_, i) => i * 8)
  for (let round = 0; round < ROUNDS && open.length > 0; round++) {
    const [one, other] = read(ways, address, size)
    const [words, otherWords] = [new DataView(one.buffer), new DataView(other.buffer)]
    open = open.filter((at) => words.getBigUint64(at) !== otherWords.getBigUint64(at))
  }
  return open
}

function read([one, other]: Ways, address: bigint, length: number) {
  return [
    readBytes(one.uncached, address, length),
    readBytes(other.uncached, address, length),
  ] as const
}
