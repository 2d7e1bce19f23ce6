import { hex } from '../bytes/hex.js'
import { FaultError, InconsistentError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import type { Kernel } from './kernel.js'
import {
  isInternal,
  isLeaf,
  isLinkedFrom,
  isNode,
  type Link,
  type MapleLayout,
  type MapleRange,
  type MapleType,
  mapleLayout,
  nodeName,
  slotsOf,
  ULONG_MAX,
} from './maple_node.js'

/** MAPLE_HEIGHT_MAX */
const MAX_HEIGHT = 31

/** So many nodes of a level are read at once, if all are wanted. */
const MAX_WIDTH = 4096

/** How often a piece is read again because the tree changed meanwhile. */
const MAX_TRIES = 1000

/** `void *mtree_load(struct maple_tree *mt, unsigned long index)`: the entry, or 0 for none. */
export function mtreeLoad(kernel: Kernel, tree: bigint, index: bigint): bigint {
  for (const { entry } of masForEach(kernel, tree, index, index)) return entry
  return 0n
}

/**
 * `mas_for_each(mas, entry, max)`, from the index `first` to `last`: the ranges that hold something, in
 * ascending order. See {@link maplePieces} for what changes meanwhile.
 */
export function* masForEach(
  kernel: Kernel,
  tree: bigint,
  first = 0n,
  last = ULONG_MAX,
): Generator<MapleRange> {
  for (const ranges of maplePieces(kernel, tree, first, last, (ranges) => ranges)) yield* ranges
}

/**
 * The tree (Linux 6.1, commit 54a611b60590) in pieces, which `look` makes something of. Every
 * node must name the slot it was reached through, which also keeps a damaged tree from being walked
 * in circles. Once a piece has been looked at, its nodes are read a second time: only if they are
 * as before, the piece is yielded, so that it was true at one moment. Else a smaller piece is read.
 * Throws {@link InconsistentError} or {@link FaultError} where the smallest one never holds.
 *
 * `look` gives undefined if what it found behind the entries is not (or no longer) theirs.
 */
export function* maplePieces<T>(
  kernel: Kernel,
  tree: bigint,
  first: bigint,
  last: bigint,
  look: (ranges: MapleRange[]) => T | undefined,
  widest = MAX_WIDTH,
): Generator<T> {
  let width = widest
  let tries = 0
  for (let from = first; from <= last; ) {
    const piece = new Piece(kernel, tree, from, last, width)
    const seen = heldBy(piece, look)
    if (!(seen instanceof Error)) {
      yield seen
      from = piece.end + 1n
      width = Math.min(width * 2, widest)
      tries = 0
    } else {
      if (++tries === MAX_TRIES) throw seen
      width = Math.max(width >> 2, 1)
    }
  }
}

/** What `look` made of a piece; the error, if the piece did not hold. */
function heldBy<T>(piece: Piece, look: (ranges: MapleRange[]) => T | undefined): T | Error {
  try {
    const seen = look(piece.read())
    return seen !== undefined && piece.holds() ? seen : piece.torn('it changes all the time')
  } catch (error) {
    if (error instanceof InconsistentError || error instanceof FaultError) return error
    throw error
  }
}

interface Child {
  readonly enode: bigint
  readonly first: bigint
  readonly last: bigint
  /** Undefined for the root. */
  readonly link: Link | undefined
}

interface Node extends Omit<Child, 'enode'> {
  readonly address: bigint
  readonly type: MapleType
  readonly slots: readonly MapleRange[]
  /** The numbers of the slots that were followed; of a leaf, all count. */
  readonly taken: number[]
}

/** The part of a tree from an index on that is below `width` leaves. */
class Piece {
  /** The last index that it tells something of. */
  end: bigint
  private readonly layout: MapleLayout
  private root = 0n
  private readonly nodes: Node[] = []

  constructor(
    private readonly kernel: Kernel,
    private readonly tree: bigint,
    private readonly first: bigint,
    last: bigint,
    private readonly width: number,
  ) {
    this.end = last
    this.layout = mapleLayout(kernel.space)
  }

  read(): MapleRange[] {
    this.root = this.readRoot()
    if (!isNode(this.root)) return this.entries([{ first: 0n, last: 0n, entry: this.root }])
    let level: Child[] = [{ enode: this.root, first: 0n, last: ULONG_MAX, link: undefined }]
    for (let height = 0; height <= MAX_HEIGHT; height++) {
      const nodes = this.nodesOf(level)
      const leaves = nodes.filter(({ type }) => isLeaf(type)).length
      if (leaves === nodes.length) return this.entries(nodes.flatMap(({ slots }) => slots))
      if (leaves > 0) throw this.torn('its leaves are not all at one height')
      level = this.children(nodes)
    }
    throw this.torn('it is too high')
  }

  private readRoot(): bigint {
    const { rootAt, littleEndian } = this.layout
    const bytes = readBytes(this.kernel.uncached, this.tree + rootAt, 8)
    return new DataView(bytes.buffer).getBigUint64(0, littleEndian)
  }

  private nodesOf(level: readonly Child[]): Node[] {
    const names = level.map(({ enode }) => nodeName(enode))
    const length = this.layout.nodeSize
    const read = this.kernel.uncached.gather(names.map(({ address }) => ({ address, length })))
    return level.map((child, i) => {
      const { address, type } = names[i]!
      const bytes = read[i]!
      if (!(bytes instanceof Uint8Array)) throw bytes
      if (type === undefined) throw this.torn(`the node at ${hex(address)} is of no known type`)
      const slots = this.slotsOf(address, type, bytes, child)
      const node = { ...child, address, type, slots, taken: [] }
      this.nodes.push(node)
      return node
    })
  }

  private slotsOf(
    address: bigint,
    type: MapleType,
    bytes: Uint8Array,
    { first, last, link }: Omit<Child, 'enode'>,
  ): MapleRange[] {
    const node = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const parent = node.getBigUint64(0, this.layout.littleEndian)
    if (!isLinkedFrom(parent, this.tree, link)) {
      throw this.torn(`its node at ${hex(address)} says that its parent is ${hex(parent)}`)
    }
    const slots = slotsOf(this.layout, type, node, first, last)
    if (slots === undefined) {
      throw this.torn(`the pivots of its node at ${hex(address)} do not ascend`)
    }
    return slots
  }

  /** The next level; what is too much for one piece is left for the next. */
  private children(nodes: readonly Node[]): Child[] {
    const children: Child[] = []
    for (const { address, slots, taken } of nodes) {
      for (const [slot, { first, last, entry }] of slots.entries()) {
        if (last < this.first || first > this.end) continue
        if (children.length === this.width) {
          this.end = first - 1n
          return children
        }
        taken.push(slot)
        children.push({ enode: entry, first, last, link: { parent: address, slot } })
      }
    }
    return children
  }

  private entries(slots: readonly MapleRange[]): MapleRange[] {
    return slots.filter(({ first, last, entry }) => {
      return entry !== 0n && !isInternal(entry) && last >= this.first && first <= this.end
    })
  }

  /**
   * Whether what was read is still so. Of the nodes above the leaves, only the slots that were followed
   * count: in an address space that changes anywhere, others change all the time.
   */
  holds(): boolean {
    if (!isNode(this.root)) return this.readRoot() === this.root
    const length = this.layout.nodeSize
    const now = this.kernel.uncached.gather(this.nodes.map(({ address }) => ({ address, length })))
    return this.nodes.every((node, i) => {
      const bytes = now[i]!
      return bytes instanceof Uint8Array && this.isAsBefore(node, bytes)
    })
  }

  private isAsBefore(node: Node, bytes: Uint8Array): boolean {
    const { address, type, slots, taken } = node
    const after = this.slotsOf(address, type, bytes, node)
    const isSame = (slot: number) => isEqual(slots[slot], after[slot])
    return isLeaf(type)
      ? slots.length === after.length && slots.every((_, slot) => isSame(slot))
      : taken.every(isSame)
  }

  torn(why: string): InconsistentError {
    return new InconsistentError(
      `the maple tree at ${hex(this.tree)} is torn`,
      why,
      'it changed while it was read, or memory is damaged; read it again',
    )
  }
}

function isEqual(a: MapleRange | undefined, b: MapleRange | undefined): boolean {
  return a?.first === b?.first && a?.last === b?.last && a?.entry === b?.entry
}
