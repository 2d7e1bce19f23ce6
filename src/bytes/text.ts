/**
 * Bytes as text, one character for each byte, so that offsets stay what they are. Names are ASCII in
 * practice, and decoding that as UTF-8 takes a third of the time of a one-byte encoding.
 */
export function textOf(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (text.length === bytes.length) return text
  } catch {
    // Not UTF-8.
  }
  return new TextDecoder('latin1').decode(bytes)
}
