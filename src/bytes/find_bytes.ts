/** Where `pattern` is in `bytes`, from `start` on; -1 if it is not there. */
export function findBytes(bytes: Uint8Array, pattern: Uint8Array, start = 0): number {
  const first = pattern[0]!
  const last = bytes.length - pattern.length
  for (let at = bytes.indexOf(first, start); at !== -1 && at <= last; ) {
    if (matches(bytes, pattern, at)) return at
    at = bytes.indexOf(first, at + 1)
  }
  return -1
}

function matches(bytes: Uint8Array, pattern: Uint8Array, at: number): boolean {
  for (let i = 1; i < pattern.length; i++) if (bytes[at + i] !== pattern[i]) return false
  return true
}
