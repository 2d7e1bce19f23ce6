import { hex } from '../bytes/hex.js'
import { InconsistentError } from '../errors.js'
import { containerOf } from '../object/container_of.js'
import type { Struct, UntypedView } from '../object/kernel_types.js'
import type { ObjectSpace } from '../object/space.js'

/** A red-black tree of 2^32 nodes is at most this deep. */
const MAX_DEPTH = 64

/**
 * The nodes of the tree below a `struct rb_root`, in order, by address. Each node must name its
 * parent, which also keeps a damaged tree from being walked in circles; else
 * {@link InconsistentError}.
 */
export function* rbNodes(space: ObjectSpace, root: bigint): Generator<bigint> {
  const top = space.at('rb_root', root).rb_node as UntypedView | null
  if (top !== null) yield* inOrder(space, top, 0n, 0)
}

function* inOrder(
  space: ObjectSpace,
  node: UntypedView,
  parent: bigint,
  depth: number,
): Generator<bigint> {
  // The two lowest bits hold the colour; nodes are aligned.
  const named = (node.__rb_parent_color as bigint) & ~3n
  if (named !== parent || depth > MAX_DEPTH) {
    throw new InconsistentError(
      `the red-black tree is torn at ${hex(node.$address)}`,
      `its parent is ${hex(parent)}, but the node says ${hex(named)}`,
      'it changed while it was read, or memory is damaged; read it again',
    )
  }
  if (node.rb_left !== null) yield* inOrder(space, node.rb_left, node.$address, depth + 1)
  yield node.$address
  if (node.rb_right !== null) yield* inOrder(space, node.rb_right, node.$address, depth + 1)
}

/** `rbtree_inorder`: the structs whose `member` is in a tree. */
export function* rbForEachEntry<Name extends string>(
  space: ObjectSpace,
  root: bigint,
  name: Name,
  member: string,
): Generator<Struct<Name>> {
  for (const node of rbNodes(space, root)) yield containerOf(space, node, name, member)
}
