import { PointerHash } from './pointer_hash.js'

/** How kernel addresses are shown. */
export const POINTER_MODES = ['raw', 'hashed', 'hidden'] as const
export type PointerMode = (typeof POINTER_MODES)[number]

export type ShowPointer = (address: bigint) => string

/** `(unsigned long)-MAX_ERRNO`: what is not below it is a negative errno. */
const FIRST_ERROR = 2n ** 64n - 4095n

/** Pointers of 64 bits; `hashed` has a key of its own in each run, so only within one it compares. */
export function pointerShower(mode: PointerMode): ShowPointer {
  if (mode === 'raw') return asDigits
  if (mode === 'hidden') return () => asDigits(0n)
  const hash = new PointerHash()
  return (address) => (isErrOrNull(address) ? asDigits(address) : `0x00000000${hash.of(address)}`)
}

/** `0x` and 16 digits, as many as the kernel prints. */
function asDigits(address: bigint): string {
  return `0x${address.toString(16).padStart(16, '0')}`
}

/** `IS_ERR_OR_NULL(ptr)`: NULL, or a negative errno in the place of a pointer, is no secret. */
function isErrOrNull(address: bigint): boolean {
  return address === 0n || address >= FIRST_ERROR
}

/** A text with the kernel addresses within it shown as pointers are. */
export function withPointers(text: string, show: ShowPointer): string {
  return text.replace(/\b0x[89a-f][0-9a-f]{15}\b/g, (address) => show(BigInt(address)))
}
