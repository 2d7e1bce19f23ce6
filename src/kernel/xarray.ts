import { hex } from '../bytes/hex.js'
import { FaultError, InconsistentError } from '../errors.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { ObjectSpace } from '../object/space.js'

/**
 * The XArray (include/linux/xarray.h, Linux 4.20): a tree of nodes with 64 (or, in small kernels,
 * 16) slots each. An entry whose lowest bits are 10 is internal: larger than 4096 it is a pointer
 * to a node, else a sibling, retry or zero entry. Radix trees and IDRs are XArrays underneath.
 */
const isInternal = (entry: bigint) => (entry & 3n) === 2n
const isNode = (entry: bigint) => isInternal(entry) && entry > 4096n
const nodeAddress = (entry: bigint) => entry - 2n

/** Of a tree of 64-bit indexes, even with 16 slots a node. */
const MAX_DEPTH = 16
const MAX_SHIFT = 60

/** How often a lookup is done again because the tree changed meanwhile. */
const MAX_TRIES = 10

/**
 * `xa_for_each(xa, index, entry)`: index and entry of all that is present, in order of index. Every
 * node must name the slot it was reached through, which also keeps a damaged tree from being
 * walked in circles; else {@link InconsistentError}.
 */
export function* xaForEach(
  space: ObjectSpace,
  xarray: bigint,
): Generator<readonly [index: bigint, entry: bigint]> {
  yield* entriesBelow(space, headOf(space, xarray), 0n, ROOT)
}

function* entriesBelow(
  space: ObjectSpace,
  entry: bigint,
  index: bigint,
  from: Slot,
): Generator<readonly [bigint, bigint]> {
  if (entry === 0n) return
  if (!isNode(entry)) {
    if (!isInternal(entry)) yield [index, entry]
    return
  }
  const node = nodeAt(space, entry, from)
  const shift = BigInt(node.shift as number)
  const slots = slotsOf(node)
  for (let slot = 0; slot < slots.length; slot++) {
    const below = { node: node.$address, offset: slot, depth: from.depth + 1 }
    yield* entriesBelow(space, slots[slot]!, index | (BigInt(slot) << shift), below)
  }
}

/**
 * `xa_load(xa, index)`: the entry, or 0 where there is none. A tree that changed meanwhile is looked
 * at again; if that does not help, {@link InconsistentError} or {@link FaultError}.
 */
export function xaLoad(space: ObjectSpace, xarray: bigint, index: bigint): bigint {
  for (let tries = 1; ; tries++) {
    try {
      return load(space, xarray, index)
    } catch (error) {
      const torn = error instanceof InconsistentError || error instanceof FaultError
      if (!torn || tries === MAX_TRIES) throw error
      space.memory.drop?.()
    }
  }
}

function load(space: ObjectSpace, xarray: bigint, index: bigint): bigint {
  let entry = headOf(space, xarray)
  // Without any node, the head itself is the entry of index 0.
  if (!isNode(entry)) return index === 0n && !isInternal(entry) ? entry : 0n
  let rest = index
  let from = ROOT
  while (isNode(entry)) {
    const node = nodeAt(space, entry, from)
    const slots = slotsOf(node)
    const shift = BigInt(node.shift as number)
    const slot = Number(rest >> shift)
    if (slot >= slots.length) return 0n
    rest &= (1n << shift) - 1n
    from = { node: node.$address, offset: slot, depth: from.depth + 1 }
    entry = siblingOf(slots, slots[slot]!)
  }
  return isInternal(entry) ? 0n : entry
}

/** A multi-index entry stands in its first slot; the other slots name that one. */
function siblingOf(slots: readonly bigint[], entry: bigint): bigint {
  const isSibling = isInternal(entry) && entry >> 2n < BigInt(slots.length)
  return isSibling ? slots[Number(entry >> 2n)]! : entry
}

/** `idr_find(idr, id)`: what an id stands for, or 0. `idr_base` is part of the IDR since 4.17. */
export function idrFind(space: ObjectSpace, idr: bigint, id: number): bigint {
  const view = space.at('idr', idr)
  const index = BigInt(id) - BigInt(view.idr_base as number)
  if (index < 0n) return 0n
  return xaLoad(space, view.idr_rt.$address, index)
}

/** `idr_for_each_entry(idr, entry, id)`: all ids in use and what they stand for. */
export function* idrForEachEntry(
  space: ObjectSpace,
  idr: bigint,
): Generator<readonly [id: number, entry: bigint]> {
  const view = space.at('idr', idr)
  for (const [index, entry] of xaForEach(space, view.idr_rt.$address)) {
    yield [Number(index) + (view.idr_base as number), entry]
  }
}

/** `radix_tree_for_each_slot`: since Linux 4.20 a radix tree is an XArray of another name. */
export function* radixTreeForEach(
  space: ObjectSpace,
  root: bigint,
): Generator<readonly [index: bigint, entry: bigint]> {
  yield* xaForEach(space, root)
}

/** `radix_tree_lookup(root, index)` */
export function radixTreeLookup(space: ObjectSpace, root: bigint, index: bigint): bigint {
  return xaLoad(space, root, index)
}

function headOf(space: ObjectSpace, xarray: bigint): bigint {
  return space.at('xarray', xarray).xa_head?.$address ?? 0n
}

/** Where a node is linked from. */
interface Slot {
  readonly node: bigint
  readonly offset: number
  readonly depth: number
}

/** The head of the tree. */
const ROOT: Slot = { node: 0n, offset: 0, depth: 0 }

function nodeAt(space: ObjectSpace, entry: bigint, from: Slot): UntypedView {
  const node = space.at('xa_node', nodeAddress(entry))
  const parent = (node.parent as UntypedView | null)?.$address ?? 0n
  const isLinked = parent === from.node && (parent === 0n || node.offset === from.offset)
  if (!isLinked || from.depth > MAX_DEPTH || node.shift > MAX_SHIFT) {
    throw new InconsistentError(
      `the XArray is torn at ${hex(node.$address)}`,
      isLinked
        ? `depth ${from.depth} and shift ${node.shift} cannot be`
        : `it is in slot ${from.offset} of ${hex(from.node)}, but says slot ${node.offset} of ${hex(parent)}`,
      'it changed while it was read, or memory is damaged; read it again',
    )
  }
  return node
}

function slotsOf(node: UntypedView): bigint[] {
  return (node.slots as ({ $address: bigint } | null)[]).map((slot) => slot?.$address ?? 0n)
}
