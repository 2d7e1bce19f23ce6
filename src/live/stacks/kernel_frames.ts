import { IterLink } from '../../bpf/link.js'
import { BPF_F_MMAPABLE, BpfMap } from '../../bpf/map.js'
import type { Btf } from '../../btf/btf.js'
import { Owner } from '../../linux/owner.js'
import type { NamedKernelFrame } from '../../unwind/thread_stack.js'
import { loadNameProgram, MOST_NAMES } from './name_program.js'
import { readAll } from './read_all.js'

/** `function+0xoffset/0xsize [module]`, as `%pB` prints it. */
const PLACE = /^(.+)\+0x([0-9a-f]+)\/0x[0-9a-f]+(?: \[(.+?)\])?$/

/** Names the return addresses on kernel stacks, as the kernel itself names them in /proc/PID/stack. */
export class KernelFrames implements Disposable {
  private readonly owner = new Owner()
  private readonly addresses: BigUint64Array
  private readonly print: () => string[]
  /** The same few functions are on most stacks. */
  private readonly named = new Map<bigint, NamedKernelFrame>()

  constructor(btf: Btf) {
    const { shared, program } = this.owner.orDispose(() => {
      const map = this.owner.own(
        BpfMap.create({
          type: 'array',
          keySize: 4,
          valueSize: MOST_NAMES * 8,
          maxEntries: 1,
          flags: BPF_F_MMAPABLE,
          name: 'ksight_names',
        }),
      )
      const shared = this.owner.own(map.mmap()).bytes
      return { shared, program: this.owner.own(loadNameProgram(btf, map.fd.number)) }
    })
    this.addresses = new BigUint64Array(shared.buffer, shared.byteOffset, MOST_NAMES)
    // Any task does, and this one is there.
    this.print = () => {
      using link = IterLink.attach(program, { tid: process.pid })
      using iteration = link.iterate()
      return new TextDecoder().decode(readAll(iteration)).split('\n')
    }
  }

  /** Names addresses that are not yet known, many at a time. */
  prepare(stacks: Iterable<readonly bigint[]>): void {
    const wanted = new Set<bigint>()
    for (const stack of stacks) {
      for (const pc of stack) if (!this.named.has(pc)) wanted.add(pc)
    }
    const list = [...wanted]
    for (let first = 0; first < list.length; first += MOST_NAMES) {
      this.nameAll(list.slice(first, first + MOST_NAMES))
    }
  }

  at(pc: bigint): NamedKernelFrame {
    if (!this.named.has(pc)) this.prepare([[pc]])
    return this.named.get(pc)!
  }

  private nameAll(addresses: readonly bigint[]): void {
    this.addresses.set(addresses)
    const lines = this.print()
    addresses.forEach((pc, i) => {
      this.named.set(pc, frameOf(pc, lines[i] ?? ''))
    })
  }

  [Symbol.dispose](): void {
    this.owner[Symbol.dispose]()
  }
}

function frameOf(pc: bigint, line: string): NamedKernelFrame {
  const [, name, offset, module] = PLACE.exec(line) ?? []
  return { pc, function: name, offset: Number.parseInt(offset ?? '0', 16), module }
}
