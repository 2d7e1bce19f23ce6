import { findBytes } from '../../bytes/find_bytes.js'
import { TOKEN_COUNT } from '../kallsyms_tokens.js'

/** Where `kallsyms_token_table` and `kallsyms_token_index` are. */
export interface TokensShape {
  readonly tokenTable: number
  readonly tokenIndex: number
}

/** A byte that stands in names stands for itself, and in a kernel's names there are all digits. */
const DIGITS = new TextEncoder().encode('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00')
const FIRST_DIGIT = 0x30

/** Bytes of the index. */
export const INDEX_SIZE = 2 * TOKEN_COUNT

/** Rare in a kernel; bytes that are full of what looks like tokens are looked at no longer than this. */
const MOST_TRIES = 64

/** Where the tokens that are digits may be. */
export function* findDigits(bytes: Uint8Array): Generator<number> {
  for (let at = findBytes(bytes, DIGITS); at !== -1; at = findBytes(bytes, DIGITS, at + 1)) yield at
}

/** Finds 256 NUL-terminated strings that are followed by the index that names each of them. */
export function* findTokens(bytes: Uint8Array, littleEndian: boolean): Generator<TokensShape> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let tries = 0
  for (const digits of findDigits(bytes)) {
    if (++tries > MOST_TRIES) return
    const end = skipStrings(bytes, digits, TOKEN_COUNT - FIRST_DIGIT)
    const aligned = (end + 3) & ~3
    for (const tokenIndex of [aligned, aligned + 4]) {
      if (tokenIndex + INDEX_SIZE > bytes.length) continue
      const offset = (token: number) => view.getUint16(tokenIndex + 2 * token, littleEndian)
      const tokenTable = digits - offset(FIRST_DIGIT)
      if (fits(bytes, tokenTable, offset)) yield { tokenTable, tokenIndex }
    }
  }
}

/** Behind so many NUL-terminated strings. */
function skipStrings(bytes: Uint8Array, start: number, count: number): number {
  let at = start
  for (let i = 0; i < count; i++) {
    const nul = bytes.indexOf(0, at)
    if (nul === -1) return bytes.length
    at = nul + 1
  }
  return at
}

/** Whether the index names the strings of the table one after the other. */
function fits(bytes: Uint8Array, table: number, offset: (token: number) => number): boolean {
  if (table < 0 || table % 4 !== 0) return false
  let at = table
  for (let token = 0; token < TOKEN_COUNT; token++) {
    if (table + offset(token) !== at) return false
    at = bytes.indexOf(0, at) + 1
    if (at === 0) return false
  }
  return true
}
