import { HOST_LITTLE_ENDIAN } from '../bytes/byte_order.js'

/** What 2^32 is to the halves of an address. */
const CARRY = 2 ** 32

/**
 * The addresses that the 32-bit words of `kallsyms_offsets` stand for, given
 * `kallsyms_relative_base`. Mirrors `kallsyms_sym_address()`.
 *
 * The words are distances from the base; where the kernel was built with
 * CONFIG_KALLSYMS_ABSOLUTE_PERCPU (x86-64 before Linux 6.15), those that are not negative are
 * addresses themselves, of per-CPU variables, and the others count down from -1. A kernel is too
 * small for a distance that would look negative.
 */
export function baseRelativeAddresses(words: Int32Array, base: bigint): BigUint64Array {
  const halves = new Halves(words.length)
  const [baseLow, baseHigh] = split(base)
  const absolute = words.some((word) => word < 0)
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (!absolute) halves.set(i, baseLow + word, baseHigh)
    else if (word >= 0) halves.set(i, word, 0)
    else halves.set(i, baseLow - 1 - word, baseHigh)
  }
  return halves.addresses
}

/**
 * The same where the kernel has no base (newer than Linux 6.19): each word is the distance to the
 * symbol from the word itself, the first of which is at the address `start`.
 */
export function placeRelativeAddresses(words: Int32Array, start: bigint): BigUint64Array {
  const halves = new Halves(words.length)
  const [startLow, startHigh] = split(start)
  for (let i = 0; i < words.length; i++) halves.set(i, startLow + 4 * i + words[i]!, startHigh)
  return halves.addresses
}

const split = (value: bigint) =>
  [Number(value & 0xffffffffn), Number(BigInt.asUintN(64, value) >> 32n)] as const

/** 64-bit addresses made of 32-bit halves, which are quicker to compute with than bigints. */
class Halves {
  readonly addresses: BigUint64Array
  private readonly halves: Uint32Array

  constructor(count: number) {
    this.addresses = new BigUint64Array(count)
    this.halves = new Uint32Array(this.addresses.buffer)
  }

  /** `low` may be below 0 or above 2^32. */
  set(index: number, low: number, high: number): void {
    this.halves[2 * index + LOW] = low
    this.halves[2 * index + HIGH] = high + Math.floor(low / CARRY)
  }
}

const LOW = HOST_LITTLE_ENDIAN ? 0 : 1
const HIGH = 1 - LOW
