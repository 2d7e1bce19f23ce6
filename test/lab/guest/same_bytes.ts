// Reads the same memory through BPF and through /proc/kcore, and prints where they differ.
import { createHash } from 'node:crypto'
import { openKernel } from '../../../src/index.js'
import { type Memory, readBytes } from '../../../src/memory/memory.js'

/** A counter that moves has the same value twice when it is read often enough. */
const ROUNDS = 50

using kernel = openKernel({ via: 'bpf' })
using viaKcore = openKernel({ via: 'kcore' })
const bpf = kernel.uncached
const kcore = viaKcore.uncached

const text = range('_stext', '_etext')
const rodata = range('__start_rodata', '__end_rodata')
const tasks = [kernel.initTask, ...kernel.forEachProcessThread()].filter(
  ({ tgid }) => tgid !== process.pid,
)
const taskSize = kernel.space.struct('task_struct').type.size
const perCpuSize = Math.max(
  ...[...kernel.types.findAll('.data..percpu', 'datasec')].map(({ size }) => size),
)

console.log(
  JSON.stringify({
    text: { ...text, bpf: digest(bpf, text), kcore: digest(kcore, text) },
    rodata: { ...rodata, bpf: digest(bpf, rodata), kcore: digest(kcore, rodata) },
    tasks: tasks.map(({ $address, comm }) => [comm, differences($address, taskSize)]),
    perCpu: kernel.cpus.map((cpu) => differences(kernel.perCpuBase(cpu), perCpuSize)),
    perCpuSize,
  }),
)

function range(first: string, end: string) {
  const start = kernel.symbols.find(first)!.address
  return {
    address: `0x${start.toString(16)}`,
    length: Number(kernel.symbols.find(end)!.address - start),
  }
}

function digest(memory: Memory, { address, length }: { address: string; length: number }) {
  return createHash('sha256')
    .update(readBytes(memory, BigInt(address), length))
    .digest('hex')
}

/** The offsets of the words that never had the same value. */
function differences(address: bigint, length: number): number[] {
  let open = Array.from({ length: length / 8 }, (_, i) => i * 8)
  for (let round = 0; round < ROUNDS && open.length > 0; round++) {
    const one = view(readBytes(bpf, address, length))
    const other = view(readBytes(kcore, address, length))
    open = open.filter((offset) => one.getBigUint64(offset) !== other.getBigUint64(offset))
  }
  return open
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer)
}
