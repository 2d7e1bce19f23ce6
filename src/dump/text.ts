import { textOf } from '../bytes/text.js'

/** The text in a field of fixed size: up to its NUL, if it has one. */
export function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return textOf(end === -1 ? bytes : bytes.subarray(0, end))
}
