import type { LogRecord } from '../../kernel/log_record.js'

/** Printable ASCII, and the white space that dmesg leaves as it is. */
const PLAIN = /^[\x20-\x7e\t\n\v\f\r]*$/

/** Control characters, those that turn the direction of writing and the like, and those that are none. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cn}\p{Cs}]/u

/**
 * A message of the kernel log as dmesg prints it: bytes that are no printable character of UTF-8 as
 * `\x1b`.
 */
export function printableLog({ bytes, text }: Pick<LogRecord, 'bytes' | 'text'>): string {
  if (PLAIN.test(text)) return text
  const parts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const sequence = bytes.subarray(at, at + sequenceLength(bytes[at]!))
    const character = decoded(sequence)
    parts.push(
      printable(character, character === undefined ? bytes.subarray(at, at + 1) : sequence),
    )
    at += character === undefined ? 1 : sequence.length
  }
  return parts.join('')
}

function printable(character: string | undefined, bytes: Uint8Array): string {
  const isPrintable =
    character !== undefined && (PLAIN.test(character) || !UNPRINTABLE.test(character))
  if (isPrintable) return character
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

/** How many bytes a character takes whose first byte is this one. */
function sequenceLength(first: number): number {
  if (first < 0xc0) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
