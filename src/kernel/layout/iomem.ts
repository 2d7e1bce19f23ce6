import { FaultError, PermissionError } from '../../errors.js'
import { readCString } from '../../object/c_string.js'
import type { Struct } from '../../object/kernel_types.js'
import type { Kernel } from '../kernel.js'
import { textReferences } from '../text_references.js'
import { variableAddress } from '../variable.js'

/** What /proc/iomem shows a line for: `struct resource`. */
export interface Resource {
  readonly name: string
  /** Physical addresses; `end` is one past the last. */
  readonly start: bigint
  readonly end: bigint
}

/** Functions that use `iomem_resource`. */
const USERS = [
  'iomem_map_sanity_check',
  'iomem_is_exclusive',
  'resource_is_exclusive',
  'region_intersects',
  'walk_iomem_res_desc',
]

/** Of a tree that is damaged no more are looked at. */
const MOST_RESOURCES = 2 ** 16

/**
 * The resources of physical addresses below `iomem_resource`, each before its children: what
 * /proc/iomem shows. None where neither symbols nor the code of functions lead to the variable.
 */
export function* forEachIomemResource(kernel: Kernel): Generator<Resource> {
  const root = iomemResource(kernel)
  if (root === undefined) return
  const waiting = [root.child]
  for (let count = 0; waiting.length > 0 && count < MOST_RESOURCES; count++) {
    const resource: Struct<'resource'> | null = waiting.pop() ?? null
    if (resource === null) continue
    waiting.push(resource.sibling, resource.child)
    yield { name: nameOf(kernel, resource), start: resource.start, end: resource.end + 1n }
  }
}

/** `struct resource iomem_resource`, known by what it is: all addresses, by the name of `PCI mem`. */
function iomemResource(kernel: Kernel): Struct<'resource'> | undefined {
  const known = variableAddress(kernel, 'iomem_resource')
  for (const address of known === undefined ? referred(kernel) : [known]) {
    const resource = kernel.at('resource', address)
    if (isRoot(kernel, resource)) return resource
  }
  return undefined
}

/** What the functions refer to; nothing for who may not see where these are. */
function referred(kernel: Kernel): bigint[] {
  try {
    return USERS.flatMap((name) => textReferences(kernel, name))
  } catch (error) {
    if (error instanceof PermissionError) return []
    throw error
  }
}

function isRoot(kernel: Kernel, resource: Struct<'resource'>): boolean {
  try {
    return (
      resource.start === 0n && resource.parent === null && nameOf(kernel, resource) === 'PCI mem'
    )
  } catch (error) {
    if (error instanceof FaultError) return false
    throw error
  }
}

function nameOf(kernel: Kernel, resource: Struct<'resource'>): string {
  const { name } = resource
  return name === null ? '' : readCString(kernel.memory, name.$address, 64)
}
