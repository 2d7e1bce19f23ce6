/** Bytes of the content size by the two uppermost bits of the frame's descriptor; 0 may be 1. */
const SIZES = [0, 2, 4, 8] as const
const DICTIONARY_SIZES = [0, 1, 2, 4] as const

/** The size of what a Zstandard frame holds, where its header has it (RFC 8878, 3.1.1.1). */
export function zstdContentSize(frame: Uint8Array): number | undefined {
  const descriptor = frame[4] ?? 0
  const single = (descriptor >> 5) & 1
  const size = SIZES[(descriptor >> 6) as 0 | 1 | 2 | 3] || single
  if (size === 0) return undefined
  const at = 5 + (1 - single) + DICTIONARY_SIZES[(descriptor & 3) as 0 | 1 | 2 | 3]
  let value = size === 2 ? 256 : 0
  for (let i = 0; i < size; i++) value += (frame[at + i] ?? 0) * 256 ** i
  return value
}
