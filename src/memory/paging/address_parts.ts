import { indexAt, isCanonical, offsetBelow, split } from './address.js'
import type { LevelName, PagingMode } from './mode.js'

/** Some bits of an address, and what they are for. */
export interface AddressPart {
  /** `sign`: the bits above those that are looked up, which must all be alike. */
  readonly name: LevelName | 'sign' | 'offset'
  /** The uppermost and the lowest bit. */
  readonly from: number
  readonly to: number
  /** The index, or the offset in bytes. */
  readonly value: bigint
}

export interface AddressParts {
  /** From the uppermost bit down: all bits of an address. */
  readonly parts: readonly AddressPart[]
  readonly isCanonical: boolean
  /** Which half a canonical address is in; flat modes leave the split to the kernel's configuration. */
  readonly half: 'lower' | 'upper' | 'hole' | 'flat'
}

/** Takes an address of a mode apart: pgd_index(), p4d_index(), pud_index(), pmd_index(), pte_index(). */
export function addressParts(mode: PagingMode, address: bigint): AddressParts {
  const at = split(address, { low: 0, high: 0 })
  const { signBit, halves } = mode.canonical
  const top = mode.levels[0]!
  const translated = top.shift + top.bits
  const width = halves === 'flat' ? signBit : 64
  const levels = mode.levels.map((level) => {
    const { name, shift, bits } = level
    return { name, from: shift + bits - 1, to: shift, value: BigInt(indexAt(level, at)) }
  })
  const last = mode.levels.at(-1)!.shift
  const offset = BigInt(offsetBelow(last, at))
  const sign = {
    name: 'sign',
    from: width - 1,
    to: translated,
    value: address >> BigInt(translated),
  }
  const parts: AddressPart[] = [
    ...(width > translated ? [sign as AddressPart] : []),
    ...levels,
    { name: 'offset', from: last - 1, to: 0, value: offset },
  ]
  return { parts, isCanonical: isCanonical(mode, at), half: halfOf(mode, address) }
}

function halfOf(mode: PagingMode, address: bigint): AddressParts['half'] {
  if (mode.canonical.halves === 'flat') return 'flat'
  if (!isCanonical(mode, split(address, { low: 0, high: 0 }))) return 'hole'
  return address >> 63n === 0n ? 'lower' : 'upper'
}
