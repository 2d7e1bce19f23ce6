import { FaultError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import type { Kernel } from './kernel.js'
import { isNoPage, pfnToPage } from './mem_section.js'
import { hasPageFlag } from './page_flags.js'
import { textReferences } from './text_references.js'
import { virtToPhys } from './virt_to_phys.js'

/** Functions that ask is_zero_pfn(), in any version. */
const USERS = ['vm_normal_page', 'kpageflags_read', 'stable_page_flags']
const HUGE_USERS = ['vm_normal_page_pmd', 'mm_get_huge_zero_folio', 'mm_get_huge_zero_page']

const known = new WeakMap<Kernel, bigint | undefined>()

/**
 * `int is_zero_pfn(unsigned long pfn)`: whether a page frame is the zero page, which is mapped where
 * anonymous memory was only read so far. Undefined where nothing tells which one it is: neither the symbol
 * `empty_zero_page`, nor `zero_pfn`, which the code of functions leads to.
 */
export function isZeroPfn(kernel: Kernel, pfn: bigint): boolean | undefined {
  if (!known.has(kernel)) known.set(kernel, findZeroPfn(kernel))
  const zero = known.get(kernel)
  return zero === undefined ? undefined : zero === pfn
}

function findZeroPfn(kernel: Kernel): bigint | undefined {
  const symbol = kernel.symbols.find('empty_zero_page')?.address
  if (symbol !== undefined) return virtToPhys(kernel, symbol) >> 12n
  for (const value of values(kernel, USERS)) {
    if (isZeroPage(kernel, value)) return value
  }
  return undefined
}

const knownHuge = new WeakMap<Kernel, readonly bigint[]>()

/**
 * `bool is_huge_zero_pfn(unsigned long pfn)`: whether it belongs to the huge page of zeroes; undefined where
 * nothing leads to `huge_zero_pfn`. There is none before it is first used, and it may go again.
 */
export function isHugeZeroPfn(kernel: Kernel, pfn: bigint): boolean | undefined {
  let variables = knownHuge.get(kernel)
  if (variables === undefined) {
    const symbol = kernel.symbols.find('huge_zero_pfn')?.address
    variables = symbol === undefined ? variablesOf(kernel, HUGE_USERS) : [symbol]
    knownHuge.set(kernel, variables)
  }
  if (variables.length === 0) return undefined
  const head = pfn & ~511n
  return head !== 0n && variables.some((address) => word(kernel, address) === head)
}

function* values(kernel: Kernel, users: readonly string[]): Generator<bigint> {
  for (const address of variablesOf(kernel, users)) {
    const value = word(kernel, address)
    if (value !== undefined) yield value
  }
}

/** Aligned addresses behind the code of the image, to which the code of these functions may refer. */
function variablesOf(kernel: Kernel, users: readonly string[]): bigint[] {
  const code = kernel.symbols.find('_etext')?.address ?? kernel.vmcoreinfo.symbol('_stext') ?? 0n
  const found = users.flatMap((user) => textReferences(kernel, user))
  return [...new Set(found)].filter((address) => {
    return address % 8n === 0n && address >= code && word(kernel, address) !== undefined
  })
}

function word(kernel: Kernel, address: bigint): bigint | undefined {
  try {
    const bytes = readBytes(kernel.memory, address, 8)
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, kernel.types.littleEndian)
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}

/** It is a part of the image, and therefore reserved, and holds nothing but zeroes. */
function isZeroPage(kernel: Kernel, pfn: bigint): boolean {
  if (pfn === 0n || pfn >= 1n << 40n) return false
  try {
    const page = pfnToPage(kernel, pfn)
    if (page === undefined || !hasPageFlag(kernel, page, 'reserved')) return false
    return readBytes(kernel.physical, pfn << 12n, 4096).every((byte) => byte === 0)
  } catch (error) {
    if (isNoPage(error)) return false
    throw error
  }
}
