import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'

/** The bits of `page->flags`: since Linux 6.18 (commit 53fbef56e07d) a struct of one member. */
export function pageFlagBits(page: UntypedView): bigint {
  const flags: bigint | UntypedView = page.flags
  return typeof flags === 'bigint' ? flags : flags.f
}

/**
 * The names of the flags that a struct page has set, as `enum pageflags` of this kernel numbers them:
 * what number a flag has, and which there are, changes with nearly every version and configuration. Of
 * pages that were allocated as one, only the first has them: give that ({@link compoundHead}).
 *
 * A bit that has several names bears that which the enum gives it first, unless what the page holds tells:
 * `anon_exclusive` and `swapcache` of anonymous memory, `mappedtodisk` of a file.
 */
export function pageFlags(kernel: Kernel, page: UntypedView): string[] {
  const bits = pageFlagBits(page)
  const aliases = aliasesOf(kernel, page)
  const names = namesByBit(kernel).map((name, bit) => aliases.get(BigInt(bit)) ?? name)
  return names.filter((name, bit) => name !== '' && ((bits >> BigInt(bit)) & 1n) === 1n)
}

/** The names that some bits have in what such a page holds. */
function aliasesOf(kernel: Kernel, page: UntypedView): ReadonlyMap<bigint, string> {
  const mapping: bigint = page.mapping?.$address ?? 0n
  if (mapping === 0n) return new Map()
  const names = (mapping & 1n) === 1n ? ['anon_exclusive', 'swapcache'] : ['mappedtodisk']
  const values = pageFlagsEnum(kernel)
  return new Map(
    names.flatMap((name) => {
      const bit = values.get(`PG_${name}`)
      return bit === undefined ? [] : [[bit, name] as const]
    }),
  )
}

/** Whether a page has a flag, by its name in the enum without `PG_`; false where the kernel has none. */
export function hasPageFlag(kernel: Kernel, page: UntypedView, name: string): boolean {
  const bit = pageFlagsEnum(kernel).get(`PG_${name}`)
  return bit !== undefined && ((pageFlagBits(page) >> bit) & 1n) === 1n
}

const knownNames = new WeakMap<Kernel['types'], readonly string[]>()

/** By the number of the bit; '' where there is none. */
function namesByBit(kernel: Kernel): readonly string[] {
  let names = knownNames.get(kernel.types)
  if (names === undefined) {
    const values = pageFlagsEnum(kernel)
    const count = Number(values.get('__NR_PAGEFLAGS') ?? 0n)
    names = Array.from({ length: Math.min(count, 64) }, (_, bit) => {
      const [name = ''] = [...values].find(([, value]) => value === BigInt(bit)) ?? []
      return name.replace('PG_', '')
    })
    knownNames.set(kernel.types, names)
  }
  return names
}

const knownEnums = new WeakMap<Kernel['types'], ReadonlyMap<string, bigint>>()

function pageFlagsEnum(kernel: Kernel): ReadonlyMap<string, bigint> {
  let values = knownEnums.get(kernel.types)
  if (values === undefined) {
    values = enumValues(kernel, 'pageflags')
    knownEnums.set(kernel.types, values)
  }
  return values
}

/** The names and values of an enum, in its order; none where the kernel has no such enum. */
export function enumValues(kernel: Kernel, name: string): ReadonlyMap<string, bigint> {
  const [type] = kernel.types.findAll(name, 'enum')
  return new Map(type?.values.map(({ name, value }) => [name, BigInt(value)]))
}
