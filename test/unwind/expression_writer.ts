/** An operation: what it takes from the stack and leaves there, and how its bytes are written. */
interface Operation {
  readonly name: string
  readonly takes: number
  readonly leaves: number
  bytes(random: (below: number) => number): number[]
}

const plain = (name: string, opcode: number, takes: number, leaves: number): Operation => ({
  ...{ name, takes, leaves },
  bytes: () => [opcode],
})

/** With so many random bytes behind the opcode. */
const constant = (name: string, opcode: number, size: number): Operation => ({
  ...{ name, takes: 0, leaves: 1 },
  bytes: (random) => [opcode, ...Array.from({ length: size }, () => random(256))],
})

/** The stack pointer, plus a small offset that is on the stack. */
const stackPlace = (random: (below: number) => number) => [0x77, random(8) * 8]

const OPERATIONS: readonly Operation[] = [
  { name: 'lit', takes: 0, leaves: 1, bytes: (random) => [0x30 + random(32)] },
  constant('const1u', 0x08, 1),
  constant('const1s', 0x09, 1),
  constant('const2u', 0x0a, 2),
  constant('const2s', 0x0b, 2),
  constant('const4u', 0x0c, 4),
  constant('const4s', 0x0d, 4),
  constant('const8u', 0x0e, 8),
  constant('const8s', 0x0f, 8),
  {
    name: 'constu',
    takes: 0,
    leaves: 1,
    bytes: (random) => [0x10, 128 + random(128), random(128)],
  },
  {
    name: 'consts',
    takes: 0,
    leaves: 1,
    bytes: (random) => [0x11, 128 + random(128), random(128)],
  },
  plain('dup', 0x12, 1, 2),
  plain('drop', 0x13, 2, 1),
  plain('over', 0x14, 2, 3),
  { name: 'pick', takes: 3, leaves: 4, bytes: (random) => [0x15, random(3)] },
  plain('swap', 0x16, 2, 2),
  plain('rot', 0x17, 3, 3),
  plain('abs', 0x19, 1, 1),
  plain('and', 0x1a, 2, 1),
  { name: 'div', takes: 1, leaves: 1, bytes: (random) => [0x31 + random(30), 0x1b] },
  {
    name: 'div by a negative',
    takes: 1,
    leaves: 1,
    bytes: (random) => [0x09, 128 + random(120), 0x1b],
  },
  plain('minus', 0x1c, 2, 1),
  {
    name: 'mod',
    takes: 1,
    leaves: 1,
    bytes: (random) => [0x0a, random(256), 1 + random(255), 0x1d],
  },
  plain('mul', 0x1e, 2, 1),
  plain('neg', 0x1f, 1, 1),
  plain('not', 0x20, 1, 1),
  plain('or', 0x21, 2, 1),
  plain('plus', 0x22, 2, 1),
  {
    name: 'plus_uconst',
    takes: 1,
    leaves: 1,
    bytes: (random) => [0x23, 128 + random(128), random(128)],
  },
  { name: 'shl', takes: 1, leaves: 1, bytes: (random) => [0x30 + random(32), 0x24] },
  { name: 'shr', takes: 1, leaves: 1, bytes: (random) => [0x30 + random(32), 0x25] },
  { name: 'shra', takes: 1, leaves: 1, bytes: (random) => [0x30 + random(32), 0x26] },
  plain('xor', 0x27, 2, 1),
  plain('eq', 0x29, 2, 1),
  plain('ge', 0x2a, 2, 1),
  plain('gt', 0x2b, 2, 1),
  plain('le', 0x2c, 2, 1),
  plain('lt', 0x2d, 2, 1),
  plain('ne', 0x2e, 2, 1),
  // Over an operation that leaves the stack as high as it was.
  { name: 'bra', takes: 2, leaves: 1, bytes: () => [0x28, 1, 0, 0x20] },
  { name: 'skip', takes: 1, leaves: 1, bytes: () => [0x2f, 1, 0, 0x1f] },
  // Back, as often as a counter says: const1u n; lit1; minus; dup; bra -5; drop.
  {
    name: 'loop',
    takes: 0,
    leaves: 0,
    bytes: (random) => [0x08, 1 + random(20), 0x31, 0x1c, 0x12, 0x28, 0xfa, 0xff, 0x13],
  },
  {
    name: 'addr',
    takes: 0,
    leaves: 1,
    bytes: (random) => [0x03, random(256), random(256), 0, 0, 0, 0, 0, 0],
  },
  {
    name: 'breg',
    takes: 0,
    leaves: 1,
    bytes: (random) => [0x70 + [3, 6, 7, 12, 13][random(5)]!, random(128)],
  },
  {
    name: 'bregx',
    takes: 0,
    leaves: 1,
    bytes: (random) => [0x92, [3, 6, 7, 12, 13][random(5)]!, random(128)],
  },
  { name: 'deref', takes: 0, leaves: 1, bytes: (random) => [...stackPlace(random), 0x06] },
  {
    name: 'deref_size',
    takes: 0,
    leaves: 1,
    bytes: (random) => [...stackPlace(random), 0x94, 2 ** random(4)],
  },
  plain('nop', 0x96, 0, 0),
]

/** Writes random expressions that are valid; those that are used with one value on the stack. */
export class ExpressionWriter {
  private readonly used = new Set<string>()

  constructor(private seed: number) {}

  write(): number[] {
    const bytes: number[] = []
    let depth = 1
    while (bytes.length < 60) {
      const fitting = OPERATIONS.filter(
        ({ takes, leaves }) => takes <= depth && depth + leaves < 12,
      )
      const operation = fitting[this.random(fitting.length)]!
      bytes.push(...operation.bytes((below) => this.random(below)))
      depth += operation.leaves - operation.takes
      this.used.add(operation.name)
    }
    return bytes
  }

  /** Operations that no expression had yet. */
  unused(): string[] {
    return OPERATIONS.map(({ name }) => name).filter((name) => !this.used.has(name))
  }

  /** The high bits of a linear congruential generator. */
  private random(below: number): number {
    this.seed = (Math.imul(this.seed, 1103515245) + 12345) >>> 0
    return (this.seed >>> 8) % below
  }
}
