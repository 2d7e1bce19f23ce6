import { FaultError, UnsupportedError } from '../../errors.js'
import type { Kernel } from '../kernel.js'
import { type Base, readWord, variableBase } from './base.js'

const PAGE_SIZE = 4096n

/** More would be no kernel's; LENGTH(node_data) comes from the image. */
const MOST_NODES = 1024

/** `high_memory`: where the last RAM ends in the direct map. */
export function highMemory(kernel: Kernel): Base {
  const found = variableBase(kernel, 'high_memory') ?? highMemoryByNodes(kernel)
  if (found !== undefined) return found
  throw new UnsupportedError(
    'cannot tell how far the direct map goes',
    'neither symbols nor VMCOREINFO lead to high_memory or to the nodes of memory',
  )
}

/** The highest PFN of all nodes: what `max_pfn` is one more than, unless memory was added later. */
function highMemoryByNodes(kernel: Kernel): Base | undefined {
  let end = 0n
  for (const address of nodes(kernel)) {
    const node = kernel.at('pglist_data', address)
    const last: bigint = node.node_start_pfn + node.node_spanned_pages
    if (last > end) end = last
  }
  if (end === 0n) return undefined
  const how = 'node_start_pfn + node_spanned_pages of the last node (pglist_data)'
  return { address: kernel.pageOffset + end * PAGE_SIZE, how }
}

/** `struct pglist_data` of each node: without CONFIG_NUMA there is one. */
function nodes(kernel: Kernel): bigint[] {
  const only = kernel.vmcoreinfo.symbol('contig_page_data')
  if (only !== undefined) return [only]
  const table = kernel.vmcoreinfo.symbol('node_data')
  const length = Number(kernel.vmcoreinfo.get('LENGTH(node_data)'))
  if (table === undefined || !(length > 0)) return []
  const found: bigint[] = []
  for (let i = 0; i < Math.min(length, MOST_NODES); i++) {
    const node = wordOrNull(kernel, table + BigInt(i * 8))
    if (node !== 0n) found.push(node)
  }
  return found
}

function wordOrNull(kernel: Kernel, address: bigint): bigint {
  try {
    return readWord(kernel, address)
  } catch (error) {
    if (error instanceof FaultError) return 0n
    throw error
  }
}
