import type { Btf } from '../btf/btf.js'
import { UnsupportedError } from '../errors.js'
import type { ObjectSpace } from '../object/space.js'

export const ULONG_MAX = 2n ** 64n - 1n

/** `enum maple_type` (Linux 6.1). A leaf holds entries, the other two hold nodes. */
export type MapleType = 'maple_dense' | 'maple_leaf_64' | 'maple_range_64' | 'maple_arange_64'

const TYPES: readonly MapleType[] = [
  'maple_dense',
  'maple_leaf_64',
  'maple_range_64',
  'maple_arange_64',
]

/** MAPLE_NODE_MASK: nodes are aligned to their size; the bits below are used for other things. */
const NODE_MASK = 255n

/** MA_ROOT_PARENT: the parent of the topmost node is the tree, with this bit set. */
const ROOT_PARENT = 1n

/** A node as a slot (or the root) names it, `struct maple_enode *`. */
export interface NodeName {
  readonly address: bigint
  readonly type: MapleType | undefined
}

/** `xa_is_node(root)`: whether the root is a node; else it is itself the entry of index 0. */
export const isNode = (root: bigint) => (root & 3n) === 2n && root > 4096n

/** `xa_is_internal(entry)`: reserved for the tree itself, such as XA_ZERO_ENTRY: no entry of its user. */
export const isInternal = (entry: bigint) => (entry & 3n) === 2n

/** `mte_to_node()` and `mte_node_type()` */
export function nodeName(enode: bigint): NodeName {
  return { address: enode & ~NODE_MASK, type: TYPES[Number((enode >> 3n) & 15n)] }
}

/** `ma_is_leaf()` */
export const isLeaf = (type: MapleType) => type === 'maple_dense' || type === 'maple_leaf_64'

/** Where a node is linked from. */
export interface Link {
  readonly parent: bigint
  readonly slot: number
}

/**
 * Whether a node's `parent` names the slot it was reached through (`mte_parent()` and
 * `mte_parent_slot()`). That of a node which was taken out of the tree names itself (`ma_dead_node()`).
 */
export function isLinkedFrom(parent: bigint, tree: bigint, link: Link | undefined): boolean {
  if (link === undefined) return parent === (tree | ROOT_PARENT)
  const slot = Number((parent & 0xf8n) >> 3n)
  return (
    (parent & ~NODE_MASK) === link.parent && slot === link.slot && (parent & ROOT_PARENT) === 0n
  )
}

/** What lies where in a node of one type. */
interface Arrays {
  readonly pivotAt: number
  readonly pivots: number
  readonly slotAt: number
  readonly slots: number
  /** Where the last slot in use is written, `struct maple_metadata.end`. */
  readonly endAt: number
}

/** The layout of the nodes of this kernel. */
export interface MapleLayout {
  readonly nodeSize: number
  readonly rootAt: bigint
  readonly littleEndian: boolean
  readonly arrays: Readonly<Record<MapleType, Arrays>>
}

const layouts = new WeakMap<Btf, MapleLayout>()

/** Throws {@link UnsupportedError} before Linux 6.1. */
export function mapleLayout(space: ObjectSpace): MapleLayout {
  const { btf } = space
  const known = layouts.get(btf)
  if (known !== undefined) return known
  if (!space.has('maple_tree', 'ma_root') || space.struct('maple_node').type.size !== 256) {
    throw new UnsupportedError('cannot read a maple tree', 'this kernel has none of the known form')
  }
  const range = arraysOf(space, 'maple_range_64')
  const { slotAt, slots } = arraysOf(space, 'maple_node')
  const layout: MapleLayout = {
    nodeSize: 256,
    rootAt: BigInt(space.struct('maple_tree').at(0n).$offsetOf('ma_root')),
    littleEndian: btf.littleEndian,
    arrays: {
      maple_dense: { pivotAt: 0, pivots: 0, slotAt, slots, endAt: 0 },
      maple_leaf_64: range,
      maple_range_64: range,
      maple_arange_64: arraysOf(space, 'maple_arange_64'),
    },
  }
  layouts.set(btf, layout)
  return layout
}

function arraysOf(space: ObjectSpace, name: string): Arrays {
  const { btf } = space
  const { type } = space.struct(name)
  const member = (path: string) => {
    const found = btf.findMember(type, path)
    const array = found && btf.resolve(found.type)
    if (found === undefined || array?.kind !== 'array') return { at: 0, length: 0 }
    return { at: found.bitOffset / 8, length: array.length }
  }
  const [pivot, slot] = [member('pivot'), member('slot')]
  const meta = btf.findMember(type, 'meta')
  return {
    pivotAt: pivot.at,
    pivots: pivot.length,
    slotAt: slot.at,
    slots: slot.length,
    endAt: meta === undefined ? 0 : meta.bitOffset / 8,
  }
}

/** A range of indexes, both included, and what is stored for all of them; 0 for nothing. */
export interface MapleRange {
  readonly first: bigint
  readonly last: bigint
  readonly entry: bigint
}

/**
 * The slots of a node that is for the indexes `min` to `max`; undefined where they are not in
 * ascending order. A pivot is the last index of its slot; the last slot in use needs none.
 */
export function slotsOf(
  layout: MapleLayout,
  type: MapleType,
  node: DataView,
  min: bigint,
  max: bigint,
): MapleRange[] | undefined {
  const { pivotAt, pivots, slotAt, slots } = layout.arrays[type]
  const word = (at: number) => node.getBigUint64(at, layout.littleEndian)
  const end = Math.min(dataEnd(layout, type, node, max), slots - 1)
  const found: MapleRange[] = []
  let first = min
  for (let slot = 0; slot <= end && first <= max; slot++) {
    let last = type === 'maple_dense' ? first : max
    if (slot < end && slot < pivots) last = word(pivotAt + slot * 8)
    if (last < first || last > max) return undefined
    found.push({ first, last, entry: word(slotAt + slot * 8) })
    first = last + 1n
  }
  return found
}

/** `ma_data_end()`: the number of the last slot in use. */
function dataEnd(layout: MapleLayout, type: MapleType, node: DataView, max: bigint): number {
  const { pivotAt, pivots, slots, endAt } = layout.arrays[type]
  if (type === 'maple_dense') return slots - 1
  if (type === 'maple_arange_64') return node.getUint8(endAt)
  // The number shares its place with the last slot.
  const pivot = node.getBigUint64(pivotAt + (pivots - 1) * 8, layout.littleEndian)
  if (pivot === 0n) return node.getUint8(endAt)
  return pivot === max ? pivots - 1 : pivots
}
