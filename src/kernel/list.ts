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
 * comes back to its head, throws {@link InconsistentError}.
 */
export function* listNodes(
  space: ObjectSpace,
  head: bigint,
  direction: Direction = 'forward',
): Generator<bigint> {
  const ahead = direction === 'forward' ? 'next' : 'prev'
  const behind = direction === 'forward' ? 'prev' : 'next'
  const trail = [head]
  const yielded = new Set<bigint>()
  let setbacks = 0
  for (;;) {
    const from = trail.at(-1)!
    const at = pointerAt(space, from, ahead)
    if (at !== 0n && pointerAt(space, at, behind) === from) {
      if (at === head) return
      if (trail.length > MAX_NODES) throw torn(head, at, 'it does not come back to its head')
      trail.push(at)
      if (!yielded.has(at)) yield at
      yielded.add(at)
      continue
    }
    if (++setbacks > MAX_SETBACKS) throw torn(head, from, `its ${ahead} does not point back to it`)
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
  try {
    const pointer = space.at('list_head', node)[member] as { $address: bigint } | null
    return pointer?.$address ?? 0n
  } catch (error) {
    // A node that was freed meanwhile points to where nothing is: the same as a torn list.
    if (error instanceof FaultError) return 0n
    throw error
  }
}

function torn(head: bigint, at: bigint, why: string): InconsistentError {
  return new InconsistentError(
    `the list at ${hex(head)} is torn at ${hex(at)}`,
    why,
    'it changed while it was read, or memory is damaged; read it again',
  )
}
