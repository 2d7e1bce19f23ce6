import { FaultError, UnsupportedError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import type { Struct } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { listForEachEntry } from './list.js'
import { textReferences } from './text_references.js'

/** `nr_vmap_nodes` is the number of possible CPUs, at most this (mm/vmalloc.c, `vmap_init_nodes()`). */
const MAX_VMAP_NODES = 128

/** Functions of Linux 6.9 and later that use `vmap_nodes`. */
const USERS = ['find_vmap_area', 'find_unlink_vmap_area', 'vmalloc_info_show']

/**
 * The areas of the vmalloc address space that are in use, `struct vmap_area`, in ascending order, as they
 * are now: what vmalloc(), vmap(), ioremap() and kernel stacks lie in. Its `vm` tells more of it; it is
 * NULL for vm_map_ram().
 *
 * Up to Linux 6.8 they are on one list, `vmap_area_list`, which VMCOREINFO names; since 6.9 (commit
 * d093602919ad) on one list of each of the `vmap_nodes`. Throws {@link UnsupportedError} where
 * neither symbols nor the code of functions lead to these.
 */
export function* forEachVmapArea(kernel: Kernel): Generator<Struct<'vmap_area'>> {
  kernel.drop()
  const areas = busyLists(kernel).flatMap((head) => {
    return [...listForEachEntry(kernel.space, head, 'vmap_area', 'list')]
  })
  const starts = new Map(areas.map((area) => [area, area.va_start as bigint]))
  yield* areas.sort((a, b) => (starts.get(a)! < starts.get(b)! ? -1 : 1))
}

/** The heads of the lists that hold all areas in use. */
function busyLists(kernel: Kernel): bigint[] {
  if (!kernel.space.has('vmap_node', 'busy')) return [vmapAreaList(kernel)]
  const symbol = kernel.symbols.find('vmap_nodes')?.address
  const variables = symbol === undefined ? codeVariables(kernel) : [symbol]
  for (const variable of variables) {
    const lists = listsOfNodes(kernel, variable)
    if (lists.length > 0) return lists
  }
  throw notFound('vmap_nodes')
}

function vmapAreaList(kernel: Kernel): bigint {
  const name = 'vmap_area_list'
  const address = kernel.symbols.find(name)?.address ?? kernel.vmcoreinfo.symbol(name)
  if (address === undefined) throw notFound(name)
  return address
}

function notFound(variable: string): UnsupportedError {
  return new UnsupportedError(
    'cannot list the areas of vmalloc',
    `neither symbols nor VMCOREINFO of this kernel lead to ${variable}`,
  )
}

function codeVariables(kernel: Kernel): bigint[] {
  return USERS.flatMap((name) => textReferences(kernel, name))
}

/**
 * The lists of the nodes that `vmap_nodes` points to; none, if a variable is something else. How many
 * there are follows from what they are: three heads of lists each, with nothing like it behind the last.
 */
function listsOfNodes(kernel: Kernel, variable: bigint): bigint[] {
  const { size } = kernel.space.struct('vmap_node').type
  const lists: bigint[] = []
  try {
    const bytes = readBytes(kernel.memory, variable, 8)
    const first = new DataView(bytes.buffer).getBigUint64(0, kernel.types.littleEndian)
    for (let i = 0; i < MAX_VMAP_NODES; i++) {
      const node = kernel.at('vmap_node', first + BigInt(i * size))
      const heads = ['busy.head', 'lazy.head', 'purge_list'].map((path) => node.$addressOf(path))
      if (!heads.every((head) => isListHead(kernel, head))) break
      lists.push(heads[0]!)
    }
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
  }
  return lists
}

function isListHead(kernel: Kernel, address: bigint): boolean {
  const { next, prev } = kernel.at('list_head', address)
  return next?.prev?.$address === address && prev?.next?.$address === address
}
