import { hex } from '../bytes/hex.js'
import { InconsistentError } from '../errors.js'
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

const MAX_DEPTH = 16

/** `xa_for_each(xa, index, entry)`: index and entry of all that is present, in order of index. */
export function* xaForEach(
  space: ObjectSpace,
  xarray: bigint,
): Generator<readonly [index: bigint, entry: bigint]> {
  yield* entriesBelow(space, headOf(space, xarray), 0n, 0)
}

function* entriesBelow(
  space: ObjectSpace,
  entry: bigint,
  index: bigint,
  depth: number,
): Generator<readonly [bigint, bigint]> {
  if (entry === 0n) return
  if (!isNode(entry)) {
    if (!isInternal(entry)) yield [index, entry]
    return
  }
  const node = nodeAt(space, entry, depth)
  const shift = BigInt(node.shift as number)
  const slots = slotsOf(node)
  for (let slot = 0; slot < slots.length; slot++) {
    yield* entriesBelow(space, slots[slot]!, index | (BigInt(slot) << shift), depth + 1)
  }
}

/** `xa_load(xa, index)`: the entry, or 0 where there is none. */
export function xaLoad(space: ObjectSpace, xarray: bigint, index: bigint): bigint {
  let entry = headOf(space, xarray)
  // Without any node, the head itself is the entry of index 0.
  if (!isNode(entry)) return index === 0n && !isInternal(entry) ? entry : 0n
  let rest = index
  for (let depth = 0; isNode(entry); depth++) {
    const node = nodeAt(space, entry, depth)
    const slots = slotsOf(node)
    const shift = BigInt(node.shift as number)
    const slot = rest >> shift
    if (slot >= BigInt(slots.length)) return 0n
    rest &= (1n << shift) - 1n
    entry = siblingOf(slots, slots[Number(slot)]!)
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
export const radixTreeForEach = xaForEach

/** `radix_tree_lookup(root, index)`. */
export const radixTreeLookup = xaLoad

function headOf(space: ObjectSpace, xarray: bigint): bigint {
  return space.at('xarray', xarray).xa_head?.$address ?? 0n
}

function nodeAt(space: ObjectSpace, entry: bigint, depth: number): UntypedView {
  const node = space.at('xa_node', nodeAddress(entry))
  const shift = node.shift as number
  if (depth > MAX_DEPTH || shift > 60) {
    throw new InconsistentError(
      `the XArray is torn at ${hex(node.$address)}`,
      depth > MAX_DEPTH ? 'it is too deep' : `a shift of ${shift} cannot be`,
      'it changed while it was read, or memory is damaged; read it again',
    )
  }
  return node
}

function slotsOf(node: UntypedView): bigint[] {
  return (node.slots as ({ $address: bigint } | null)[]).map((slot) => slot?.$address ?? 0n)
}
