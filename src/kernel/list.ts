import { hex } from '../bytes/hex.js'
import { FaultError, InconsistentError } from '../errors.js'
import { containerOf } from '../object/container_of.js'
import type { Struct } from '../object/kernel_types.js'
import type { ObjectSpace } from '../object/space.js'

/** No list of a kernel is longer: 2^22 is the largest number of tasks that pid_max allows. */
const MAX_NODES = 1 << 23

/** How often a walk may find that the list changed under it before it gives up. */
const MAX_SETBACKS = 1000

export type Direction = 'forward' | 'backward'

/**
 * The nodes of a circular `struct list_head` list, without its head, by address, each once.
 *
 * Every step is checked: the next node must point back to the one it was reached from. On a running
 * kernel nodes come and go meanwhile; where the check fails, the node is read again, and if it is
 * no longer on the list, the walk goes back to the one before it. A list that stays torn, or never
 * comes back to its head, throws {@link InconsistentError}. In memory that does not change, reading
 * again is of no use: `maxSetbacks` is 0 there.
 */
export function* listNodes(
  space: ObjectSpace,
  head: bigint,
  direction: Direction = 'forward',
  maxSetbacks = MAX_SETBACKS,
): Generator<bigint> {
  const ahead = direction === 'forward' ? 'next' : 'prev'
  const behind = direction === 'forward' ? 'prev' : 'next'
  const trail = [head]
  const yielded = new Set<bigint>()
  let setbacks = 0
  // A head that cannot be read is a fault, not a torn list.
  space.at('list_head', head).$data()
  for (;;) {
    const from = trail.at(-1)!
    const at = nodePointer(space, 'list_head', from, ahead)
    if (at && nodePointer(space, 'list_head', at, behind) === from) {
      if (at === head) return
      if (trail.length > MAX_NODES) throw torn(head, at, 'it does not come back to its head')
      trail.push(at)
      if (!yielded.has(at)) yield at
      yielded.add(at)
      continue
    }
    if (++setbacks > maxSetbacks) throw torn(head, from, `its ${ahead} does not point back to it`)
    space.memory.drop?.()
    // A node that was taken off the list still points into it, but nothing points back to it.
    if (setbacks % 4 === 0 && trail.length > 1) trail.pop()
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
  return addressIn(space.at('list_head', head).next) === head
}

/**
 * The nodes of a `struct hlist_head` list, by address, each once. Each must name the node that it was
 * reached from (`pprev`), or the walk goes back as {@link listNodes} does.
 */
export function* hlistNodes(space: ObjectSpace, head: bigint): Generator<bigint> {
  // `pprev` points to a `next`, or to the head's `first`: each is the first member of its struct.
  const trail = [head]
  const yielded = new Set<bigint>()
  let setbacks = 0
  for (;;) {
    const from = trail.at(-1)!
    const before = trail.at(-2)
    const stands =
      before === undefined || nodePointer(space, 'hlist_node', from, 'pprev') === before
    const at =
      before === undefined
        ? addressIn(space.at('hlist_head', head).first)
        : nodePointer(space, 'hlist_node', from, 'next')
    if (stands && at === 0n) return
    const linked = at && at !== head && nodePointer(space, 'hlist_node', at, 'pprev') === from
    if (stands && linked) {
      trail.push(at)
      if (!yielded.has(at)) yield at
      yielded.add(at)
      continue
    }
    if (++setbacks > MAX_SETBACKS) throw torn(head, from, 'the next node is not linked from it')
    space.memory.drop?.()
    if (trail.length > 1 && (!stands || setbacks % 4 === 0)) trail.pop()
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

/** Undefined where nothing is: the node was freed meanwhile. */
function nodePointer(
  space: ObjectSpace,
  type: 'list_head' | 'hlist_node',
  node: bigint,
  member: string,
): bigint | undefined {
  try {
    return addressIn(space.at(type, node)[member])
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}

function addressIn(pointer: { readonly $address: bigint } | null): bigint {
  return pointer?.$address ?? 0n
}

function torn(head: bigint, at: bigint, why: string): InconsistentError {
  return new InconsistentError(
    `the list at ${hex(head)} is torn at ${hex(at)}`,
    why,
    'it changed while it was read, or memory is damaged; read it again',
  )
}
