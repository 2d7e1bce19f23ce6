import { hex } from '../bytes/hex.js'
import { InconsistentError } from '../errors.js'
import type { Struct } from '../object/kernel_types.js'
import { containerOf } from '../object/container_of.js'
import type { ObjectSpace } from '../object/space.js'

/** No list of a kernel is longer: 2^22 is the largest number of tasks that pid_max allows. */
const MAX_NODES = 1 << 23

export type Direction = 'forward' | 'backward'

/**
 * The nodes of a circular `struct list_head` list, without its head, by address.
 *
 * Every step is checked: the node one comes from must be where the next one points back to. A list
 * that a running kernel changes meanwhile may fail the check; it throws {@link InconsistentError},
 * as does a list that never comes back to its head.
 */
export function* listNodes(
  space: ObjectSpace,
  head: bigint,
  direction: Direction = 'forward',
): Generator<bigint> {
  const ahead = direction === 'forward' ? 'next' : 'prev'
  const behind = direction === 'forward' ? 'prev' : 'next'
  let from = head
  let at = pointerAt(space, head, ahead)
  for (let count = 0; at !== head; count++) {
    if (at === 0n) throw torn(head, from, 'it ends in NULL')
    if (count >= MAX_NODES) throw torn(head, at, 'it does not come back to its head')
    const back = pointerAt(space, at, behind)
    if (back !== from) throw torn(head, at, `this node points back to ${hex(back)}`)
    yield at
    from = at
    at = pointerAt(space, at, ahead)
  }
}

/** `list_for_each_entry(pos, head, member)`: the structs whose `member` is on a list. */
export function* listForEachEntry<Name extends string>(
  space: ObjectSpace,
  head: bigint,
  name: Name,
  member: string,
  direction: Direction = 'forward',
): Generator<Struct<Name>> {
  for (const node of listNodes(space, head, direction)) {
    yield containerOf(space, node, name, member)
  }
}

/** `list_empty(head)`. */
export function listEmpty(space: ObjectSpace, head: bigint): boolean {
  return pointerAt(space, head, 'next') === head
}

/** The nodes of a `struct hlist_head` list, by address; `pprev` of each is checked. */
export function* hlistNodes(space: ObjectSpace, head: bigint): Generator<bigint> {
  const nextOffset = BigInt(space.struct('hlist_node').at(0n).$offsetOf('next'))
  let link = head
  let at = (space.at('hlist_head', head).first as { $address: bigint } | null)?.$address ?? 0n
  for (let count = 0; at !== 0n; count++) {
    if (count >= MAX_NODES) throw torn(head, at, 'it does not end')
    const node = space.at('hlist_node', at)
    const pprev = node.pprev?.$address ?? 0n
    if (pprev !== link) throw torn(head, at, `this node is linked from ${hex(pprev)}`)
    yield at
    link = at + nextOffset
    at = node.next?.$address ?? 0n
  }
}

/** `hlist_for_each_entry(pos, head, member)`. */
export function* hlistForEachEntry<Name extends string>(
  space: ObjectSpace,
  head: bigint,
  name: Name,
  member: string,
): Generator<Struct<Name>> {
  for (const node of hlistNodes(space, head)) yield containerOf(space, node, name, member)
}

function pointerAt(space: ObjectSpace, node: bigint, member: 'next' | 'prev'): bigint {
  const pointer = space.at('list_head', node)[member] as { $address: bigint } | null
  return pointer?.$address ?? 0n
}

function torn(head: bigint, at: bigint, why: string): InconsistentError {
  return new InconsistentError(
    `the list at ${hex(head)} is torn at ${hex(at)}`,
    why,
    'it changed while it was read, or memory is damaged; read it again',
  )
}
